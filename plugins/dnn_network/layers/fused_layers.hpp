// A MixMIM network as a few large layers of OpenCV's DNN module. OpenCV runs them like its own; each does the
// work of a dozen ONNX nodes without writing intermediate results. For the CPU; arrays are float32.
//
// Tokens stand window by window, so that a window is a range of rows: N x L x C, the batch first. Shifted
// windows are pieces whose tokens are listed (Note [Shifted windows] in model/token_order.hpp). Where keys
// are reduced, tokens stand cell by cell, a class token before them (Note [Cells] there).
#pragma once

namespace cv::mixmim {

/// The types known to cv::dnn::LayerFactory after registerFusedLayers(), and what their LayerParams hold:
/// blobs in this order, CV_32F unless said otherwise. Blobs are released once they are packed.
namespace fused {

/// image N x 3 x H x W -> tokens. blobs: weight C x K, bias C, gain and shift L x C per token, the raster
/// position of every token (L, CV_32S); "patch": p, pixels from token to token; "side": s, those of a patch.
/// K = 3ss where patches lie side by side, and 4ss where they overlap: the fourth channel is 1 inside the
/// picture.
constexpr const char* kPatchEmbedding = "MixMIMPatchEmbedding";

/// tokens of a stage -> those of the next. blobs: weight C' x kC, bias C', gain and shift L' x C' per token,
/// of a class token shift alone, and the k tokens of every new one, -1 where there is none (kL', CV_32S);
/// empty where they follow each other.
constexpr const char* kTokenEmbedding = "MixMIMTokenEmbedding";

/// x + attention(LayerNorm(x)). blobs: weight and bias of queries, keys and values (3D x C, 3D), of the
/// projection (C x D, C), tables of the relative bias h x (2H - 1) x (2W - 1) of
/// AttentionKernels::relativeBias, where D = h * head width and a window has H x W tokens, or empty where
/// scores have no bias, and Pieces: rectangles, and the list (CV_32S), both kept and not copied.
constexpr const char* kAttention = "MixMIMAttention";

/// The same with keys that stand for k tokens each, which follow each other. blobs: weight and bias of
/// queries (D x C, D), of the reduction (C x kC, C), of keys and values (2D x C, 2D), of the projection (C x
/// D, C).
constexpr const char* kReducedAttention = "MixMIMReducedAttention";

/// x + fc2(GELU(fc1(LayerNorm(x)))). blobs: weight and bias of both.
constexpr const char* kMlp = "MixMIMMlp";

/// The same with a depthwise convolution before GELU. blobs: weight and bias of fc1 and fc2; taps, bias and
/// neighbours of TokenConvolution, the last kept and not copied.
constexpr const char* kConvolvedMlp = "MixMIMConvolvedMlp";

/// A depthwise convolution. blobs: those of TokenConvolution; taps and bias may be wider than tokens, with
/// zeros.
constexpr const char* kPositions = "MixMIMPositions";

/// LayerNorm(x) * gain + bias. blobs: C each.
constexpr const char* kNorm = "MixMIMNorm";

/// k tokens become one. blobs: weight C' x kC, bias C', the k tokens of every new one (kL', CV_32S).
constexpr const char* kMerging = "MixMIMMerging";

/// tokens -> N x C, the mean of LayerNorm(x), or its first row where that is a class token. No blobs.
constexpr const char* kPool = "MixMIMPool";

/// The name of the pool layer in a network.
constexpr const char* kFeatures = "pool";

/// Parameter of attention, MLP, merging and token embedding: products of 8-bit numbers (bool).
constexpr const char* kInt8 = "int8";

/// Parameter of every layer with a LayerNorm: what is added to the variance (float).
constexpr const char* kEpsilon = "epsilon";

/// The same of the LayerNorm of reduced keys.
constexpr const char* kKeyEpsilon = "keyEpsilon";

/// Parameter of attention (int).
constexpr const char* kHeads = "heads";

/// Parameter of both embeddings and pool: a class token stands before the others (bool).
constexpr const char* kClassToken = "classToken";

/// N x K -> N x M. blobs: weight, bias.
constexpr const char* kClassifier = "MixMIMClassifier";

}  // namespace fused

/// Once per process, however often it is called. Safe from several threads.
void registerFusedLayers();

}  // namespace cv::mixmim
