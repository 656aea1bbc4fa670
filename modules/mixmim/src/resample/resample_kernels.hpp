// The two inner loops of the resampler, once per instruction set. All give the same bytes: sums of 8-bit
// pixels and 22-bit weights are exact in 32 bits, in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "opencv2/mixmim/resample.hpp"

namespace cv::mixmim {

constexpr int kResampleFractionBits =
    22;  // 32 bits, less 8 of the pixel and 2 for what the kernel overshoots
constexpr int32_t kResampleHalf = 1 << (kResampleFractionBits - 1);

/// Rows of the horizontal pass. Row y begins at in + y * inStep; `slack` bytes after its end must be
/// readable.
struct RowPass {
  const uint8_t* in;
  size_t inStep;
  uint8_t* out;
  size_t outStep;
  int rows, channels;
};

/// Weights in the form in which a kernel wants them; the memory is kept from image to image.
struct ResampleTable {
  struct alignas(64) Block {
    uint32_t words[16];
  };
  std::vector<int32_t> words;
  std::vector<Block> blocks;
};

struct ResampleKernels {
  const char* name;
  size_t slack;  ///< how far behind the end of a row horizontal() may read

  /// Whether horizontal() can do this axis; if so, fills `table` for horizontal().
  bool (*prepare)(const ResampleAxis& axis, int channels, ResampleTable& table);

  /// out[x] = sum over t of in[first[x] + t] * weight, `channels` interleaved values each.
  void (*horizontal)(const RowPass& pass, const ResampleAxis& axis, const ResampleTable& table);

  /// One row of the vertical pass over `bytes` values; `in` is the first of `taps` rows, `step` apart.
  void (*vertical)(const uint8_t* in, size_t step, const int32_t* weights, int taps, size_t bytes,
                   uint8_t* out);
};

extern const ResampleKernels kPortableResample;
#if defined(__x86_64__)
extern const ResampleKernels kAvx2Resample;
extern const ResampleKernels kAvx512Resample;  ///< needs VBMI and VNNI: Ice Lake, Zen 4
#endif

/// The kernels that this processor runs, the fastest first; the portable ones come last and can do any axis.
/// Asks OpenCV, so that cv::setUseOptimized(false) leaves only those.
std::vector<const ResampleKernels*> resampleKernels();

}  // namespace cv::mixmim
