// A MixMIM network as a few large layers of OpenCV's DNN module. OpenCV runs them like its own; each does the
// work of a dozen ONNX nodes without writing intermediate results. For the CPU; arrays are float32.
//
// Tokens stand window by window, so that a window is a range of rows: N x L x C, the batch first. Shifted
// windows are pieces whose tokens are listed (Note [Shifted windows] in model/token_order.hpp).
#pragma once

namespace cv::mixmim {

/// The types known to cv::dnn::LayerFactory after registerFusedLayers(), and what their LayerParams hold:
/// blobs in this order, CV_32F unless said otherwise. Blobs are released once they are packed.
namespace fused {

/// image N x 3 x H x W -> tokens. blobs: weight C x 3pp, bias C, gain and shift L x C per token, the raster
/// position of every token (L, CV_32S); "patch": p.
constexpr const char* kPatchEmbedding = "MixMIMPatchEmbedding";

/// x + attention(LayerNorm(x)). blobs: weight and bias of queries, keys and values (3D x C, 3D), of the
/// projection (C x D, C), tables of the relative bias h x (2H - 1) x (2W - 1) of
/// AttentionKernels::relativeBias, where D = h * head width and a window has H x W tokens, and Pieces:
/// rectangles, and the list (CV_32S), both kept and not copied.
constexpr const char* kAttention = "MixMIMAttention";

/// x + fc2(GELU(fc1(LayerNorm(x)))). blobs: weight and bias of both.
constexpr const char* kMlp = "MixMIMMlp";

/// k tokens become one. blobs: weight C' x kC, bias C', the k tokens of every new one (kL', CV_32S).
constexpr const char* kMerging = "MixMIMMerging";

/// tokens -> N x C, the mean of LayerNorm(x). No blobs.
constexpr const char* kPool = "MixMIMPool";

/// The name of the pool layer in a network.
constexpr const char* kFeatures = "pool";

/// Parameter of attention, MLP and merging: products of 8-bit numbers (bool).
constexpr const char* kInt8 = "int8";

/// Parameter of every layer with a LayerNorm: what is added to the variance (float).
constexpr const char* kEpsilon = "epsilon";

/// N x K -> N x M. blobs: weight, bias.
constexpr const char* kClassifier = "MixMIMClassifier";

}  // namespace fused

/// Once per process, however often it is called. Safe from several threads.
void registerFusedLayers();

}  // namespace cv::mixmim
