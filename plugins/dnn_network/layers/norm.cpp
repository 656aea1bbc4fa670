#include "layers/fused_layer.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace cv::mixmim {

namespace {

/// A LayerNorm with gain and bias.
class NormLayer final : public FusedLayer {
 public:
  explicit NormLayer(const LayerParams& params)
      : FusedLayer(params),
        gain_(params.blobs[0].clone()),
        bias_(params.blobs[1].clone()),
        norm_(static_cast<int>(gain_.total()), epsilonOf(params)) {}

 private:
  bool inPlace() const override { return true; }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1]);
    rows_.prepare(norm_);
  }

  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>&) override {
    rows_.forEach([&](int first, int count) {
      const int width = norm_.width();
      float* x = tokens.ptr<float>() + wide(first) * width;
      norm_(count, x, x);
      const float *gain = gain_.ptr<float>(), *bias = bias_.ptr<float>();
      for (int i = 0; i < count; ++i, x += width)
        for (int c = 0; c < width; ++c) x[c] = x[c] * gain[c] + bias[c];
    });
  }

  const cv::Mat gain_, bias_;
  RowNorm norm_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeNorm(LayerParams& params) {
  return makeLayer<NormLayer>(params);
}

}  // namespace cv::mixmim
