#include <algorithm>

#include "kernels/convolution.hpp"
#include "layers/embedding.hpp"
#include "layers/fused_layers.hpp"
#include "layers/row_products.hpp"

namespace cv::mixmim {

namespace {

/// Patches of the tokens of the stage before.
class TokenEmbeddingLayer final : public EmbeddingLayer {
 public:
  explicit TokenEmbeddingLayer(const LayerParams& params)
      : EmbeddingLayer(params, linearOf(params, 0, After::kStore)),
        kernels_(*convolutionKernels().front()),
        sources_(params.blobs[4].clone()),
        members_(sources_.rows / tokens()) {}

 private:
  const float* gathered(const cv::Mat& before, int first, int count, float* room) const override {
    if (sources_.empty()) return before.ptr<float>() + wide(first) * inputs();  // they follow each other
    float* to = room;
    for (int i = first; i < first + count;) {
      const int image = i / tokens(), token = i % tokens(),
                rows = std::min(first + count - i, tokens() - token);
      GatheredRows patches{};
      patches.rows = rows;
      patches.members = members_;
      patches.width = patches.step = before.size[2];
      patches.x = before.ptr<float>(image);
      patches.list = sources_.ptr<int32_t>(token * members_);
      patches.out = to;
      kernels_.gather(patches);
      to += wide(rows) * inputs();
      i += rows;
    }
    return room;
  }

  const ConvolutionKernels& kernels_;
  const cv::Mat sources_;
  const int members_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeTokenEmbedding(LayerParams& params) {
  return makeLayer<TokenEmbeddingLayer>(params);
}

}  // namespace cv::mixmim
