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

  Shapes internalShapes(const MatShape& x) const override {
    return {cv::dnn::shape(x[0] * x[1], fc1_->outputs())};
  }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1]);
    rows_.prepare(norm_);
    rows_.prepare(*fc1_);
    rows_.prepare(*fc2_);
  }

  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>& internals) override {
    float *x = tokens.ptr<float>(), *hidden = internals[0].ptr<float>();
    widen(x, hidden);
    rows_.forEach([&](int first, int count) {
      const int64_t width = fc1_->outputs();
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(count * width, 1);
      float* convolved = scratch.take(count * width);
      convolution_(first, count, hidden, convolved, /*gelu=*/true);
      (*fc2_)(count, convolved, x + wide(first) * fc2_->outputs());
    });
  }

  void widen(const float* x, float* hidden) const {
    rows_.forEach([&](int first, int count) {
      const int64_t width = norm_.width();
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(count * width, 1);
      float* normed = scratch.take(count * width);
      norm_(count, x + first * width, normed);
      (*fc1_)(count, normed, hidden + wide(first) * fc1_->outputs());
    });
  }

  const std::unique_ptr<PackedLinear> fc1_, fc2_;
  const TokenConvolution convolution_;
  RowNorm norm_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeConvolvedMlp(LayerParams& params) {
  return makeLayer<ConvolvedMlpLayer>(params);
}

}  // namespace cv::mixmim
