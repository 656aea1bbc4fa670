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
        norm_(reduction_->inputs(), epsilonOf(params)) {}

 private:
  /// Tokens that become one, each `width` wide.
  int membersOf(int width) const { return reduction_->inputs() / width; }

  MatShape outputShape(const MatShape& x) const override {
    return cv::dnn::shape(x[0], x[1] / membersOf(x[2]), reduction_->outputs());
  }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * (x[1] / membersOf(x[2])));
    rows_.prepare(norm_);
    rows_.prepare(*reduction_);
  }

  void run(const cv::Mat& tokens, cv::Mat& merged, std::vector<cv::Mat>&) override {
    const int width = tokens.size[2], members = membersOf(width), perImage = tokens.size[1] / members;
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * reduction_->inputs(), 1);
      float* together = scratch.take(wide(count) * reduction_->inputs());
      for (int i = 0; i < count * members; ++i) {
        const int token = first + i / members, image = token / perImage;
        const int member = members_.at<int>(token % perImage * members + i % members);
        std::copy_n(tokens.ptr<float>(image, member), width, together + wide(i) * width);
      }
      norm_(count, together, together);
      (*reduction_)(count, together, merged.ptr<float>() + wide(first) * reduction_->outputs());
    });
  }

  const cv::Mat members_;
  const std::unique_ptr<PackedLinear> reduction_;
  RowNorm norm_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeMerging(LayerParams& params) {
  return makeLayer<MergingLayer>(params);
}

}  // namespace cv::mixmim
