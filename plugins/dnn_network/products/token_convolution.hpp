// A depthwise convolution of tokens, which stand in any order.
#pragma once

#include <opencv2/core.hpp>

#include "kernels/convolution.hpp"

namespace cv::mixmim {

/// Threads: operator() from several at once.
class TokenConvolution {
 public:
  /// taps: kTaps x width, bias: width, CV_32F, copied; the width a multiple of kWidthMultiple.
  /// neighbours: tokens x kTaps, CV_32S, kept and not copied. See DepthwiseRows.
  TokenConvolution(const cv::Mat& taps, const cv::Mat& bias, cv::Mat neighbours);

  int width() const { return taps_.cols; }
  int tokens() const { return neighbours_.rows; }  ///< of an image

  /// Tokens first .. first + count - 1 of all images that begin at x -> out, count x width; not x. `gelu`: of
  /// the result.
  void operator()(int first, int count, const float* x, float* out, bool gelu) const;

 private:
  const ConvolutionKernels& kernels_;
  const cv::Mat taps_, bias_, neighbours_;
};

}  // namespace cv::mixmim
