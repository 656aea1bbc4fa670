// Pillow's bicubic resize, to the bit. The pipeline and the classifier share it, so training and deployment
// see the same pixels.
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Taps of one axis: output position x reads inputs first[x] .. first[x] + count[x] - 1 with weights[x *
/// width ...], fixed point with 22 fractional bits.
struct ResampleAxis {
  int width = 0;  ///< weights stored per output position
  std::vector<int> first, count;
  std::vector<int32_t> weights;
};

/// Bicubic taps (a = -0.5, antialiased) for resizing [0, input) to `output` positions, of which only [begin,
/// end) are computed; `mirror` lists them from the last to the first. Source: Pillow's Resample.c,
/// precompute_coeffs and normalize_coeffs_8bpc. Reuses the memory of `axis`.
/// Throws Error unless input >= 1 and 0 <= begin < end <= output.
CV_EXPORTS void bicubicAxis(int input, int output, int begin, int end, bool mirror, ResampleAxis& axis);

/// Resizes an 8-bit image of 1 to 4 channels to `output`, of which only `window` is computed.
/// Horizontal pass first, its result rounded to 8 bits, then vertical; a pass between equal sizes is skipped.
/// `mirror` flips the window left-right while writing. `dst` must be window.height x window.width of src's
/// type (it may be a slice of a batch) and must not overlap src; scratch buffers belong to the object, so one
/// Resampler per thread, and no allocation once they have grown. Throws Error when the arguments do not fit.
class CV_EXPORTS Resampler {
 public:
  void resize(const cv::Mat& src, cv::Size output, cv::Rect window, bool mirror, cv::Mat& dst);
  void resize(const cv::Mat& src, bool mirror, cv::Mat& dst);  ///< the whole image to dst's size

 private:
  cv::Mat scratch(int rows, int cols, int type);

  ResampleAxis horizontal_, vertical_;
  std::vector<uint8_t> scratch_;  // result of the horizontal pass
};

}  // namespace cv::mixmim
