#include <memory>

#include "layers/fused_layer.hpp"
#include "layers/fused_layers.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace cv::mixmim {

namespace {

class PoolLayer final : public FusedLayer {
 public:
  explicit PoolLayer(const LayerParams& params)
      : FusedLayer(params),
        epsilon_(epsilonOf(params)),
        classToken_(params.get<bool>(fused::kClassToken, false)) {}

 private:
  MatShape outputShape(const MatShape& x) const override { return cv::dnn::shape(x[0], x[2]); }

  void prepare(const MatShape& x) override {
    if (!norm_) norm_ = std::make_unique<RowNorm>(x[2], epsilon_);
    norm_->prepare(classToken_ ? 1 : x[1]);
  }

  void run(const cv::Mat& tokens, cv::Mat& means, std::vector<cv::Mat>&) override {
    const int perImage = classToken_ ? 1 : tokens.size[1], width = tokens.size[2];
    Rows(tokens.size[0]).forEach([&](int first, int count) {
      cv::Mat normed(perImage, width, CV_32F);
      for (int i = first; i < first + count; ++i) {
        (*norm_)(perImage, tokens.ptr<float>(i), normed.ptr<float>());
        cv::reduce(normed, means.row(i), 0, cv::REDUCE_AVG);
      }
    });
  }

  const float epsilon_;
  const bool classToken_;  // the first row is the answer
  std::unique_ptr<RowNorm> norm_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makePool(LayerParams& params) {
  return makeLayer<PoolLayer>(params);
}

}  // namespace cv::mixmim
