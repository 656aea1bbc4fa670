#include <algorithm>

#include "layers/fused_layer.hpp"
#include "layers/row_products.hpp"
#include "products/scratch.hpp"
#include "products/token_convolution.hpp"

namespace cv::mixmim {

namespace {

class ConvolvedMlpLayer final : public FusedLayer {
 public:
  explicit ConvolvedMlpLayer(const LayerParams& params)
      : FusedLayer(params),
        fc1_(linearOf(params, 0, After::kStore)),
        fc2_(linearOf(params, 2, After::kAdd)),
        convolution_(params.blobs[4], params.blobs[5], params.blobs[6]),
        norm_(fc1_->inputs(), epsilonOf(params)) {}

 private:
  bool inPlace() const override { return true; }

  /// Images whose hidden rows are in memory together: several where they have few rows, because threads want
  /// enough of them, and else one, because they should stay in the cache.
  static int together(const MatShape& x) {
    constexpr int kRows = 2048;
    return std::min(x[0], std::max(1, kRows / x[1]));
  }

  Shapes internalShapes(const MatShape& x) const override {
    return {cv::dnn::shape(together(x) * x[1], fc1_->outputs())};
  }

  void prepare(const MatShape& x) override {
    const int images = together(x), rest = x[0] % images;
    rows_ = Rows(images * x[1]);
    lastRows_ = Rows((rest > 0 ? rest : images) * x[1]);
    for (const Rows* rows : {&rows_, &lastRows_}) {
      rows->prepare(norm_);
      rows->prepare(*fc1_);
      rows->prepare(*fc2_);
    }
  }

  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>& internals) override {
    const int all = tokens.size[0] * tokens.size[1];
    float *x = tokens.ptr<float>(), *hidden = internals[0].ptr<float>();
    for (int first = 0; first < all; first += rows_.count()) {
      const Rows& rows = all - first < rows_.count() ? lastRows_ : rows_;
      widen(rows, x + wide(first) * norm_.width(), hidden);
      narrow(rows, hidden, x + wide(first) * norm_.width());
    }
  }

  void widen(const Rows& rows, const float* x, float* hidden) const {
    rows.forEach([&](int first, int count) {
      const int64_t width = norm_.width();
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(count * width, 1);
      float* normed = scratch.take(count * width);
      norm_(count, x + first * width, normed);
      (*fc1_)(count, normed, hidden + wide(first) * fc1_->outputs());
    });
  }

  void narrow(const Rows& rows, const float* hidden, float* x) const {
    rows.forEach([&](int first, int count) {
      const int64_t width = fc1_->outputs();
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(count * width, 1);
      float* convolved = scratch.take(count * width);
      convolution_(first, count, hidden, convolved, /*gelu=*/true);
      (*fc2_)(count, convolved, x + wide(first) * fc2_->outputs());
    });
  }

  const std::unique_ptr<PackedLinear> fc1_, fc2_;
  const TokenConvolution convolution_;
  RowNorm norm_;
  Rows rows_, lastRows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeConvolvedMlp(LayerParams& params) {
  return makeLayer<ConvolvedMlpLayer>(params);
}

}  // namespace cv::mixmim
