// Pillow's bicubic resize, to the bit. The pipeline and the classifier share it, so training and deployment
// see the same pixels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Taps of one axis: output position x reads inputs first[x] .. first[x] + count[x] - 1 with weights[x *
/// width ...], fixed point with 22 fractional bits, from -0.5 to 1.5.
struct ResampleAxis {
  int width = 0;                 ///< weights stored per output position
  std::vector<int> first;        ///< first input read, per output position
  std::vector<int> count;        ///< inputs read
  std::vector<int32_t> weights;  ///< width per output position
};

/// Bicubic taps (a = -0.5, antialiased) for resizing [0, input) to `output` positions, of which only [begin,
/// end) are computed; `mirror` lists them from the last to the first. Source: Pillow's Resample.c,
/// precompute_coeffs and normalize_coeffs_8bpc. Reuses the memory of `axis`.
/// Throws Error unless input >= 1 and 0 <= begin < end <= output.
CV_EXPORTS void bicubicAxis(int input, int output, int begin, int end, bool mirror, ResampleAxis& axis);

/// Resizes 8-bit images of 1 to 4 channels. The inner loops exist for AVX-512 (VBMI and VNNI), AVX2 and any
/// processor, chosen at run time and equal to the bit.
///
/// One object per thread; it keeps its scratch buffers, so nothing is allocated once they have grown.
class CV_EXPORTS Resampler {
 public:
  /// `kernels`, for tests and measurements, is one of kernels(); empty: the fastest that fits. Throws Error
  /// for any other.
  explicit Resampler(const std::string& kernels = {});
  ~Resampler();
  Resampler(Resampler&&) noexcept;  ///< takes the scratch buffers along
  /// Takes the scratch buffers along.
  Resampler& operator=(Resampler&&) noexcept;

  /// The kernels that this processor can run, the fastest first: "AVX-512", "AVX2", "portable".
  static std::vector<std::string> kernels();

  /// Resizes src to `output`, of which only `window` is computed. Horizontal pass first, its result rounded
  /// to 8 bits, then vertical; a pass between equal sizes is skipped. `mirror` flips the window left-right
  /// while writing. `dst` must be window.height x window.width of src's type (it may be a slice of a batch)
  /// and must not overlap src. Throws Error when the arguments do not fit.
  void resize(const cv::Mat& src, cv::Size output, cv::Rect window, bool mirror, cv::Mat& dst);
  void resize(const cv::Mat& src, bool mirror, cv::Mat& dst);  ///< the whole image to dst's size

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cv::mixmim
