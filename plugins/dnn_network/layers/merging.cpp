#include <algorithm>

#include "layers/fused_layer.hpp"
#include "layers/row_products.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

namespace {

class MergingLayer final : public FusedLayer {
 public:
  explicit MergingLayer(const LayerParams& params)
      : FusedLayer(params),
        members_(params.blobs[2].clone()),
        reduction_(linearOf(params, 0, After::kStore)),
        norm_(reduction_->inputs()) {}

 private:
  MatShape outputShape(const MatShape& x) const override {
    return cv::dnn::shape(x[0], x[1] / 4, reduction_->outputs());
  }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1] / 4);
    rows_.prepare(norm_);
    rows_.prepare(*reduction_);
  }

  void run(const cv::Mat& tokens, cv::Mat& merged, std::vector<cv::Mat>&) override {
    const int perImage = tokens.size[1] / 4, width = tokens.size[2];
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * 4 * width, 1);
      float* four = scratch.take(wide(count) * 4 * width);
      for (int i = 0; i < count * 4; ++i) {
        const int token = first + i / 4, image = token / perImage;
        const int member = members_.at<int>(token % perImage * 4 + i % 4);
        std::copy_n(tokens.ptr<float>(image, member), width, four + wide(i) * width);
      }
      norm_(count, four, four);
      (*reduction_)(count, four, merged.ptr<float>() + wide(first) * reduction_->outputs());
    });
  }

  const cv::Mat members_;
  const std::unique_ptr<Linear> reduction_;
  RowNorm norm_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeMerging(LayerParams& params) {
  return makeLayer<MergingLayer>(params);
}

}  // namespace cv::mixmim
