#include "layers/fused_layer.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace cv::mixmim {

namespace {

class ClassifierLayer final : public FusedLayer {
 public:
  explicit ClassifierLayer(const LayerParams& params)
      : FusedLayer(params), linear_(makeLinear(params.blobs[0], params.blobs[1], After::kStore)) {}

 private:
  MatShape outputShape(const MatShape& x) const override { return cv::dnn::shape(x[0], linear_->outputs()); }
  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0]);
    rows_.prepare(*linear_);
  }
  void run(const cv::Mat& features, cv::Mat& scores, std::vector<cv::Mat>&) override {
    rows_.forEach([&](int first, int count) {
      (*linear_)(count, features.ptr<float>(first), scores.ptr<float>(first));
    });
  }

  const std::unique_ptr<PackedLinear> linear_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeClassifier(LayerParams& params) {
  return makeLayer<ClassifierLayer>(params);
}

}  // namespace cv::mixmim
