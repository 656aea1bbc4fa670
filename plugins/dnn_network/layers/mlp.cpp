#include "layers/fused_layer.hpp"
#include "layers/row_products.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

namespace {

class MlpLayer final : public FusedLayer {
 public:
  explicit MlpLayer(const LayerParams& params)
      : FusedLayer(params),
        fc1_(linearOf(params, 0, After::kGelu)),
        fc2_(linearOf(params, 2, After::kAdd)),
        norm_(fc1_->inputs(), epsilonOf(params)) {}

 private:
  bool inPlace() const override { return true; }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1]);
    rows_.prepare(norm_);
    rows_.prepare(*fc1_);
    rows_.prepare(*fc2_);
    dividesColumns_ = dividesColumns(rows_, *fc1_, *fc2_);
  }

  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>&) override {
    if (dividesColumns_) return runAtOnce(tokens.ptr<float>());
    const int64_t width = norm_.width(), hiddenWidth = fc1_->outputs();
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(count * (width + hiddenWidth), 2);
      float* normed = scratch.take(count * width);
      float* hidden = scratch.take(count * hiddenWidth);
      float* x = tokens.ptr<float>() + first * width;
      norm_(count, x, normed);
      (*fc1_)(count, normed, hidden);
      (*fc2_)(count, hidden, x);
    });
  }

  void runAtOnce(float* x) const {
    const int64_t normedSize = wide(rows_.count()) * norm_.width(),
                  hiddenSize = wide(rows_.count()) * fc1_->outputs();
    KernelScratch& scratch = scratchOfThread();
    scratch.reset(normedSize + hiddenSize, 2);
    float *normed = scratch.take(normedSize), *hidden = scratch.take(hiddenSize);
    normAll(norm_, rows_, x, normed);
    multiplyAll(*fc1_, rows_.count(), normed, hidden);
    multiplyAll(*fc2_, rows_.count(), hidden, x);
  }

  const std::unique_ptr<PackedLinear> fc1_, fc2_;
  RowNorm norm_;
  Rows rows_;
  bool dividesColumns_ = false;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeMlp(LayerParams& params) {
  return makeLayer<MlpLayer>(params);
}

}  // namespace cv::mixmim
