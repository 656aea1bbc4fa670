// Red, green and blue of a pixel side by side in one register. No fused multiply-add, because it would round
// differently.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#include "augment/affine_row.hpp"
#include "augment/image_ops.hpp"

// The target is set per function and not per file, because the linker could keep inline functions compiled
// for AVX2 for all files.
#define MIXMIM_AVX2 __attribute__((target("avx2")))

namespace cv::mixmim::ops {

namespace {

/// Three bytes and the one behind them.
MIXMIM_AVX2 inline __m128i pixelAt(const uint8_t* at) {
  int bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
}

MIXMIM_AVX2 inline __m256d horner(__m256d p1, __m256d p2, __m256d p3, __m256d p4, __m256d d) {
  const __m256d inner = _mm256_add_pd(p3, _mm256_mul_pd(d, p4));
  return _mm256_add_pd(p1, _mm256_mul_pd(d, _mm256_add_pd(p2, _mm256_mul_pd(d, inner))));
}

/// Cubic interpolation of integers, because their differences are exact without conversion.
MIXMIM_AVX2 inline __m256d cubic(__m128i v1, __m128i v2, __m128i v3, __m128i v4, __m256d d) {
  const __m128i p2 = _mm_sub_epi32(v3, v1), twice = _mm_slli_epi32(_mm_sub_epi32(v1, v2), 1);
  const __m128i p3 = _mm_sub_epi32(_mm_add_epi32(twice, v3), v4);
  const __m128i p4 = _mm_sub_epi32(_mm_add_epi32(_mm_sub_epi32(v2, v1), v4), v3);
  return horner(_mm256_cvtepi32_pd(v2), _mm256_cvtepi32_pd(p2), _mm256_cvtepi32_pd(p3),
                _mm256_cvtepi32_pd(p4), d);
}

MIXMIM_AVX2 inline __m256d cubic(__m256d v1, __m256d v2, __m256d v3, __m256d v4, __m256d d) {
  const __m256d p2 = _mm256_sub_pd(v3, v1), difference = _mm256_sub_pd(v1, v2);
  const __m256d p3 = _mm256_sub_pd(_mm256_add_pd(_mm256_add_pd(difference, difference), v3), v4);
  const __m256d p4 = _mm256_add_pd(_mm256_sub_pd(_mm256_sub_pd(v2, v1), v3), v4);
  return horner(v2, p2, p3, p4, d);
}

MIXMIM_AVX2 inline __m256d alongRow(const uint8_t* row, const Neighbours& x) {
  return cubic(pixelAt(row + 3 * x.at[0]), pixelAt(row + 3 * x.at[1]), pixelAt(row + 3 * x.at[2]),
               pixelAt(row + 3 * x.at[3]), _mm256_set1_pd(x.fraction));
}

MIXMIM_AVX2 inline __m256d interpolate(const cv::Mat& in, const Neighbours& x, const Neighbours& y) {
  if (y.fraction == 0) return alongRow(in.data + in.step * static_cast<size_t>(y.at[1]), x);
  const uint8_t* rows[4];
  for (int i = 0; i < 4; ++i) rows[i] = in.data + in.step * static_cast<size_t>(y.at[i]);
  const __m256d d = _mm256_set1_pd(y.fraction);
  if (x.fraction == 0) {
    const int at = 3 * x.at[1];
    return cubic(pixelAt(rows[0] + at), pixelAt(rows[1] + at), pixelAt(rows[2] + at), pixelAt(rows[3] + at),
                 d);
  }
  return cubic(alongRow(rows[0], x), alongRow(rows[1], x), alongRow(rows[2], x), alongRow(rows[3], x), d);
}

}  // namespace

MIXMIM_AVX2 void affineRowAvx2(const cv::Mat& in, cv::Size size, const cv::Matx23d& matrix, int y,
                               uint8_t* out) {
  const __m256d black = _mm256_setzero_pd(), white = _mm256_set1_pd(255);
  for (int x = 0; x < size.width; ++x, out += 3) {
    const SourcePoint from(matrix, x, y);
    if (!from.isInside(size)) {
      for (int i = 0; i < 3; ++i) out[i] = kFill[i];
      continue;
    }
    const __m256d value = interpolate(in, {from.x, size.width}, {from.y, size.height});
    __m128i whole = _mm256_cvttpd_epi32(_mm256_max_pd(black, _mm256_min_pd(white, value)));
    whole = _mm_packus_epi32(whole, whole);
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(whole, whole));
    std::memcpy(out, &bytes, 3);
  }
}

}  // namespace cv::mixmim::ops
#endif
