#include <algorithm>

#include "layers/embedding.hpp"
#include "layers/fused_layers.hpp"

namespace cv::mixmim {

namespace {

/// Patches of pixels that lie side by side, or overlap: then a fourth channel of ones tells what is inside
/// the picture, because zeros around it stand for normalised pixels.
class PatchEmbeddingLayer final : public EmbeddingLayer {
 public:
  explicit PatchEmbeddingLayer(const LayerParams& params)
      : EmbeddingLayer(params, makeLinear(params.blobs[0], params.blobs[1], After::kStore)),
        step_(params.get<int>("patch")),
        side_(params.get<int>("side")),
        positions_(params.blobs[4].clone()) {}

 private:
  const float* gathered(const cv::Mat& images, int first, int count, float* room) const override {
    for (int i = first; i < first + count; ++i)
      takePatch(images, i / tokens(), positions_.at<int>(i % tokens()), room + wide(i - first) * inputs());
    return room;
  }

  /// The pixels of a patch, channel by channel, as the convolution's weights expect them.
  void takePatch(const cv::Mat& images, int image, int position, float* to) const {
    const cv::Size size(images.size[3], images.size[2]);
    const int across = size.width / step_, before = side_ - step_;
    const cv::Rect patch(position % across * step_ - before, position / across * step_ - before, side_,
                         side_);
    const cv::Rect inside = patch & cv::Rect({}, size);
    if (inside != patch) std::fill_n(to, inputs(), 0.F);
    for (int channel = 0; channel < 3; ++channel, to += patch.area()) {
      const float* from = images.ptr<float>(image, channel);
      for (int y = inside.y; y < inside.br().y; ++y)
        std::copy_n(from + wide(y) * size.width + inside.x, inside.width,
                    to + (y - patch.y) * side_ + inside.x - patch.x);
    }
    if (before == 0) return;
    for (int y = inside.y; y < inside.br().y; ++y)
      std::fill_n(to + (y - patch.y) * side_ + inside.x - patch.x, inside.width, 1.F);
  }

  const int step_, side_;
  const cv::Mat positions_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makePatchEmbedding(LayerParams& params) {
  return makeLayer<PatchEmbeddingLayer>(params);
}

}  // namespace cv::mixmim
