#include "products/token_convolution.hpp"

#include <algorithm>
#include <utility>

#include "kernels/layers.hpp"

namespace cv::mixmim {

TokenConvolution::TokenConvolution(const cv::Mat& taps, const cv::Mat& bias, cv::Mat neighbours)
    : kernels_(*convolutionKernels().front()),
      taps_(taps.clone()),
      bias_(bias.clone()),
      neighbours_(std::move(neighbours)) {
  CV_Assert(taps.type() == CV_32F && taps.rows == kTaps && taps.cols % kWidthMultiple == 0);
  CV_Assert(bias.type() == CV_32F && bias.total() == static_cast<size_t>(taps.cols));
  CV_Assert(neighbours_.type() == CV_32S && neighbours_.cols == kTaps && neighbours_.isContinuous());
}

void TokenConvolution::operator()(int first, int count, const float* x, float* out, bool gelu) const {
  thread_local KernelScratch scratch;
  for (int row = first; row < first + count;) {
    const int token = row % tokens(), some = std::min(first + count - row, tokens() - token);
    DepthwiseRows rows{};
    rows.tokens = some;
    rows.width = width();
    rows.x = x + int64_t{row - token} * width();
    rows.neighbours = neighbours_.ptr<int32_t>(token);
    rows.taps = taps_.ptr<float>();
    rows.bias = bias_.ptr<float>();
    rows.out = out + int64_t{row - first} * width();
    rows.gelu = gelu;
    kernels_.depthwise(rows, scratch);
    row += some;
  }
}

}  // namespace cv::mixmim
