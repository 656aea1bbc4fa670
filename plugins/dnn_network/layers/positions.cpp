#include <algorithm>

#include "layers/fused_layer.hpp"
#include "products/rows.hpp"
#include "products/scratch.hpp"
#include "products/token_convolution.hpp"

namespace cv::mixmim {

namespace {

/// Positions by convolution; the token itself is in the taps.
class PositionsLayer final : public FusedLayer {
 public:
  explicit PositionsLayer(const LayerParams& params)
      : FusedLayer(params), convolution_(params.blobs[0], params.blobs[1], params.blobs[2]) {}

 private:
  bool isPadded(int width) const { return width != convolution_.width(); }

  /// Tokens as wide as the kernels want them.
  Shapes internalShapes(const MatShape& x) const override {
    return {cv::dnn::shape(isPadded(x[2]) ? x[0] * x[1] : 1, convolution_.width())};
  }

  void prepare(const MatShape& x) override { rows_ = Rows(x[0] * x[1]); }

  void run(const cv::Mat& in, cv::Mat& out, std::vector<cv::Mat>& internals) override {
    if (isPadded(in.size[2])) return runPadded(in, out, internals[0]);
    const float* x = in.ptr<float>();
    rows_.forEach([&](int first, int count) {
      convolution_(first, count, x, out.ptr<float>() + wide(first) * convolution_.width(), /*gelu=*/false);
    });
  }

  void runPadded(const cv::Mat& in, cv::Mat& out, cv::Mat& padded) const {
    const int width = in.size[2], more = convolution_.width();
    padded.setTo(0);
    const cv::Mat tokens(rows_.count(), width, CV_32F, const_cast<float*>(in.ptr<float>()));
    tokens.copyTo(padded.colRange(0, width));
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * more, 1);
      float* convolved = scratch.take(wide(count) * more);
      convolution_(first, count, padded.ptr<float>(), convolved, /*gelu=*/false);
      for (int i = 0; i < count; ++i)
        std::copy_n(convolved + wide(i) * more, width, out.ptr<float>() + wide(first + i) * width);
    });
  }

  const TokenConvolution convolution_;
  Rows rows_;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makePositions(LayerParams& params) {
  return makeLayer<PositionsLayer>(params);
}

}  // namespace cv::mixmim
