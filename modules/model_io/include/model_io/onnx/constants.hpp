// The names of an exported graph that its writer and its readers share. A linear map stores its numbers as
// two constants, kWeight and kBias after its name; everything else is one constant.
//
//   readOnnxWeights(path).tensors.at(block.name + onnx_names::kQuery + onnx_names::kWeight)
#pragma once

#include <algorithm>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The side of a depthwise kernel of 3 x 3 taps in the file. Taps that meet nothing but the zeros around a
/// grid of one row or column are left out, because OpenCV 4.10 to 5.0 compute wrongly with them.
inline cv::Size depthwiseSide(cv::Size grid) {
  constexpr int kSide = 3;
  return {std::min(kSide, 2 * grid.width - 1), std::min(kSide, 2 * grid.height - 1)};
}

}  // namespace cv::mixmim

namespace cv::mixmim::onnx_names {

// After the name of a linear map.
inline constexpr const char* kWeight = ".weight";  ///< M x K, of the patches C x 3 x p x p
inline constexpr const char* kBias = ".bias";      ///< M

// After Stage::embedding, where patches make the tokens. Patches of the picture are a convolution, C x 3 x p
// x p; patches of tokens that do not overlap are a linear map of the tokens side by side, row by row.
inline constexpr const char* kPatches = ".proj";  ///< linear, of B G R in 0..255: normalisation is folded in;
                                                  ///< except where patches overlap
inline constexpr const char* kPixels =
    ".pixels";  ///< linear, B G R in 0..255 -> R G B, normalised: 3 x 3 x 1 x 1. Before patches that overlap,
                ///< because zeros around the picture stand for normalised pixels
// After Stage::embedding, and after the norm of a stage, Stage::norm, where no linear map follows alone. L
// tokens in raster order, a class token before them.
inline constexpr const char* kGain = ".gain";      ///< the node that multiplies with the constant below
inline constexpr const char* kGains = ".gains";    ///< L x C: the norm's gain for every token
inline constexpr const char* kShift = ".shift";    ///< the node that adds the constant below
inline constexpr const char* kShifts = ".shifts";  ///< L x C: the norm's bias, and positions and class token
// The same of the stage that the picture makes, without the name before them.
inline constexpr const char* kPosition = "position";
inline constexpr const char* kPositions = "positions";

// After Stage::embedding, where it is made of merged tokens.
inline constexpr const char* kMerging =
    ".reduction";  ///< linear, of tokens row by row; the norm is folded in

// Stage::positions itself, where they are a convolution: linear, C x 1 x rows x columns of depthwiseSide();
// the token it is added to is folded into its centre.

// After Block::name.
inline constexpr const char* kQuery = ".attn.q";  ///< linear; norm1 and 1 / sqrt(dim / heads) are folded in
inline constexpr const char* kKey = ".attn.k";  ///< linear; norm1, or the norm of reduced keys, is folded in
inline constexpr const char* kValue = ".attn.v";  ///< linear; the same
/// Linear, of the tokens that become one key, row by row; norm1 is folded in. Where Block::reduction is
/// not 1.
inline constexpr const char* kReduction = ".attn.sr";
inline constexpr const char* kProjection = ".attn.proj";  ///< linear
/// The bias of a window's scores: h x N x N, or N x N for one head. Shifted windows have it with the mask of
/// each window, (windows * h) x N x N; its first h x N x N numbers are the bias without a mask, because in
/// the first window all tokens see each other.
inline constexpr const char* kScoreBias = ".attn.bias";
inline constexpr const char* kHidden = ".mlp.fc1";  ///< linear; norm2 is folded in
/// Linear: the convolution before GELU, hidden x 1 x rows x columns of depthwiseSide(). Where
/// Stage::convolvedMlp.
inline constexpr const char* kHiddenConvolution = ".mlp.dwconv.dwconv";
inline constexpr const char* kOutput = ".mlp.fc2";  ///< linear

// The heads of a network.
inline constexpr const char* kLogits = "logits";      ///< linear, and its node; the final norm is folded in
inline constexpr const char* kPooled = "pool.rows";   ///< the node, of a classifier: see featureAffine, N x C
inline constexpr const char* kFeatures = "features";  ///< the node, of the head of that name

}  // namespace cv::mixmim::onnx_names
