#include <algorithm>

#include "layers/fused_layer.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

namespace {

class PatchEmbeddingLayer final : public FusedLayer {
 public:
  explicit PatchEmbeddingLayer(const LayerParams& params)
      : FusedLayer(params),
        patch_(params.get<int>("patch")),
        gains_(params.blobs[2].clone()),
        shifts_(params.blobs[3].clone()),
        positions_(params.blobs[4].clone()),
        projection_(makeLinear(params.blobs[0], params.blobs[1], After::kStore)),
        norm_(projection_->outputs(), epsilonOf(params)) {}

 private:
  MatShape outputShape(const MatShape& input) const override {
    return cv::dnn::shape(input[0], gains_.rows, projection_->outputs());
  }

  void prepare(const MatShape& input) override {
    rows_ = Rows(input[0] * gains_.rows);
    rows_.prepare(*projection_);
    rows_.prepare(norm_);
  }

  void run(const cv::Mat& images, cv::Mat& tokens, std::vector<cv::Mat>&) override {
    const int perImage = gains_.rows, width = projection_->outputs();
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * projection_->inputs(), 1);
      float* pixels = scratch.take(wide(count) * projection_->inputs());
      for (int i = 0; i < count; ++i)
        takePatch(images, (first + i) / perImage, positions_.at<int>((first + i) % perImage),
                  pixels + wide(i) * projection_->inputs());
      float* out = tokens.ptr<float>() + wide(first) * width;
      (*projection_)(count, pixels, out);
      norm_(count, out, out);
      for (int i = 0; i < count; ++i) applyAffine((first + i) % perImage, out + wide(i) * width);
    });
  }

  /// The p x p pixels of a patch, channel by channel, as the convolution's weights expect them.
  void takePatch(const cv::Mat& images, int image, int position, float* to) const {
    const int width = images.size[3], across = width / patch_;
    const int x = position % across * patch_, y = position / across * patch_;
    for (int channel = 0; channel < 3; ++channel) {
      const float* from = images.ptr<float>(image, channel) + wide(y) * width + x;
      for (int row = 0; row < patch_; ++row, to += patch_, from += width) std::copy_n(from, patch_, to);
    }
  }

  void applyAffine(int token, float* row) const {
    const float *gain = gains_.ptr<float>(token), *shift = shifts_.ptr<float>(token);
    for (int c = 0; c < gains_.cols; ++c) row[c] = row[c] * gain[c] + shift[c];
  }

  const int patch_;
  const cv::Mat gains_, shifts_, positions_;
  const std::unique_ptr<PackedLinear> projection_;
  RowNorm norm_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makePatchEmbedding(LayerParams& params) {
  return makeLayer<PatchEmbeddingLayer>(params);
}

}  // namespace cv::mixmim
