// Plain loops, which compilers turn into vector code for the instruction set that the build targets (NEON on
// 64-bit ARM, SSE2 on x86-64).
#include <algorithm>

#include <opencv2/core/utility.hpp>

#include "resample/resample_kernels.hpp"

namespace cv::mixmim {

namespace {

uint8_t toPixel(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kResampleFractionBits, 0, 255));
}

template <int channels>
void resampleRow(const uint8_t* in, const ResampleAxis& axis, uint8_t* out) {
  const int32_t* weights = axis.weights.data();
  for (size_t x = 0; x < axis.first.size(); ++x, weights += axis.width, out += channels) {
    const uint8_t* pixel = in + size_t(axis.first[x]) * channels;
    int32_t sums[channels];
    std::fill_n(sums, channels, kResampleHalf);
    for (int t = 0; t < axis.count[x]; ++t, pixel += channels)
      for (int c = 0; c < channels; ++c) sums[c] += pixel[c] * weights[t];
    for (int c = 0; c < channels; ++c) out[c] = toPixel(sums[c]);
  }
}

bool prepare(const ResampleAxis&, int, ResampleTable&) {
  return true;
}

void horizontal(const RowPass& pass, const ResampleAxis& axis, const ResampleTable&) {
  using RowFunction = void (*)(const uint8_t*, const ResampleAxis&, uint8_t*);
  constexpr RowFunction kByChannels[] = {resampleRow<1>, resampleRow<2>, resampleRow<3>, resampleRow<4>};
  const RowFunction resample = kByChannels[pass.channels - 1];
  for (int y = 0; y < pass.rows; ++y)
    resample(pass.in + pass.inStep * static_cast<size_t>(y), axis,
             pass.out + pass.outStep * static_cast<size_t>(y));
}

/// In blocks, so that the sums stay in registers or at least in the L1 cache.
void vertical(const uint8_t* in, size_t step, const int32_t* weights, int taps, size_t bytes, uint8_t* out) {
  constexpr size_t kBlock = 256;
  int32_t sums[kBlock];
  for (size_t begin = 0; begin < bytes; begin += kBlock) {
    const size_t n = std::min(kBlock, bytes - begin);
    std::fill_n(sums, n, kResampleHalf);
    for (int t = 0; t < taps; ++t) {
      const uint8_t* row = in + static_cast<size_t>(t) * step + begin;
      const int32_t weight = weights[t];
      for (size_t x = 0; x < n; ++x) sums[x] += row[x] * weight;
    }
    for (size_t x = 0; x < n; ++x) out[begin + x] = toPixel(sums[x]);
  }
}

}  // namespace

const ResampleKernels kPortableResample{"portable", 0, prepare, horizontal, vertical};

std::vector<const ResampleKernels*> resampleKernels() {
  std::vector<const ResampleKernels*> usable;
#if defined(__x86_64__)
  if (cv::checkHardwareSupport(CV_CPU_AVX512_ICL)) usable.push_back(&kAvx512Resample);
  if (cv::checkHardwareSupport(CV_CPU_AVX2)) usable.push_back(&kAvx2Resample);
#endif
  usable.push_back(&kPortableResample);
  return usable;
}

}  // namespace cv::mixmim
