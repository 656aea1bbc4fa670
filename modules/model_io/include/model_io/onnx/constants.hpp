// The names of an exported graph that its writer and its readers share. A linear map stores its numbers as
// two constants, kWeight and kBias after its name; everything else is one constant.
//
//   readOnnxWeights(path).tensors.at(block.name + onnx_names::kQuery + onnx_names::kWeight)
#pragma once

namespace cv::mixmim::onnx_names {

// After the name of a linear map.
inline constexpr const char* kWeight = ".weight";  ///< M x K, of the patches C x 3 x p x p
inline constexpr const char* kBias = ".bias";      ///< M

// After Stage::embedding, where the stage is made of patches. L tokens in raster order.
inline constexpr const char* kPatches = ".proj";  ///< linear, of B G R in 0..255: normalisation is folded in
inline constexpr const char* kGain = ".gain";     ///< the node that multiplies with the constant below
inline constexpr const char* kGains = ".gains";   ///< L x C: the norm's gain for every token
inline constexpr const char* kPosition = "position";    ///< the node that adds the constant below
inline constexpr const char* kPositions = "positions";  ///< L x C: the norm's bias and the position embedding

// After Stage::embedding, where it is made of merged tokens.
inline constexpr const char* kMerging =
    ".reduction";  ///< linear, of tokens row by row; the norm is folded in

// After Block::name.
inline constexpr const char* kQuery = ".attn.q";  ///< linear; norm1 and 1 / sqrt(dim / heads) are folded in
inline constexpr const char* kKey = ".attn.k";    ///< linear; norm1 is folded in
inline constexpr const char* kValue = ".attn.v";  ///< linear; norm1 is folded in
inline constexpr const char* kProjection = ".attn.proj";  ///< linear
/// The bias of a window's scores: h x N x N, or N x N for one head. Shifted windows have it with the mask of
/// each window, (windows * h) x N x N; its first h x N x N numbers are the bias without a mask, because in
/// the first window all tokens see each other.
inline constexpr const char* kScoreBias = ".attn.bias";
inline constexpr const char* kHidden = ".mlp.fc1";  ///< linear; norm2 is folded in
inline constexpr const char* kOutput = ".mlp.fc2";  ///< linear

// The heads of a network.
inline constexpr const char* kLogits = "logits";     ///< linear, and its node; the final norm is folded in
inline constexpr const char* kPooled = "pool.rows";  ///< the node, of a classifier: mean of the tokens, N x C
inline constexpr const char* kFeatures = "features";     ///< the node, of the head of that name
inline constexpr const char* kNormGain = "norm.gain";    ///< the node; the constant is "norm.gains", L x C
inline constexpr const char* kNormShift = "norm.shift";  ///< the node; the constant is "norm.shifts", L x C

}  // namespace cv::mixmim::onnx_names
