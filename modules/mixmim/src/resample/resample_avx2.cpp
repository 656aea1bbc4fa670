// A weight k is split into k = high * 2^12 + low, both of 16 bits, so that one instruction multiplies and
// adds a pair of taps; the two sums are put together at the end, exact modulo 2^32.
#if defined(__x86_64__)
#include <immintrin.h>

#include "resample/resample_kernels.hpp"

// The target is set per function and not per file, because the linker could keep inline functions compiled
// for AVX2 for all files.
#define MIXMIM_AVX2 __attribute__((target("avx2")))

namespace cv::mixmim {

namespace {

constexpr int kLowBits = 12;

int32_t highOf(int32_t weight) {
  return (weight + (1 << (kLowBits - 1))) >> kLowBits;
}
int32_t lowOf(int32_t weight) {
  return weight - highOf(weight) * (1 << kLowBits);
}
/// Two 16-bit factors in the order in which a multiply-add pairs them.
int32_t pairOf(int32_t first, int32_t second) {
  return static_cast<int32_t>((static_cast<uint32_t>(second) << 16) |
                              (static_cast<uint32_t>(first) & 0xffff));
}

/// Two taps of one output position.
struct TapPair {
  int32_t high, low;
};

TapPair tapPair(int32_t first, int32_t second) {
  return {pairOf(highOf(first), highOf(second)), pairOf(lowOf(first), lowOf(second))};
}

MIXMIM_AVX2 inline __m256i joined(__m256i high, __m256i low) {
  return _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low), kResampleFractionBits);
}

// Horizontal, of RGB. The table's words are the tap pairs of every output position, high before low.

int quadsOf(const ResampleAxis& axis) {
  return (axis.width + 3) / 4;
}

bool prepare(const ResampleAxis& axis, int channels, ResampleTable& table) {
  if (channels != 3) return false;
  const int quads = quadsOf(axis);
  table.words.clear();
  const int32_t* weights = axis.weights.data();
  for (size_t x = 0; x < axis.first.size(); ++x, weights += axis.width)
    for (int t = 0; t < 4 * quads; t += 2) {
      const auto weight = [&](int tap) { return tap < axis.count[x] ? weights[tap] : 0; };
      const TapPair pair = tapPair(weight(t), weight(t + 1));
      table.words.push_back(pair.high);
      table.words.push_back(pair.low);
    }
  return true;
}

/// Two rows at once, one in each half of a register; four taps, twelve bytes, per step.
MIXMIM_AVX2 void twoRows(const uint8_t* upper, const uint8_t* lower, const ResampleAxis& axis,
                         const int32_t* pairs, uint8_t* upperOut, uint8_t* lowerOut) {
  const __m256i firstTaps =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i lastTaps =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  const __m256i half = _mm256_set1_epi32(kResampleHalf);
  const int quads = quadsOf(axis);
  const size_t positions = axis.first.size();
  for (size_t x = 0; x < positions; ++x) {
    const size_t offset = static_cast<size_t>(axis.first[x]) * 3;
    const uint8_t *a = upper + offset, *b = lower + offset;
    __m256i high = _mm256_setzero_si256(), low = half;
    const int used = (axis.count[x] + 3) / 4;
    for (int q = 0; q < used; ++q, a += 12, b += 12) {
      const __m256i bytes = _mm256_inserti128_si256(
          _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a))),
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)), 1);
      const __m256i first = _mm256_shuffle_epi8(bytes, firstTaps),
                    last = _mm256_shuffle_epi8(bytes, lastTaps);
      const int32_t* p = pairs + 4 * q;
      high = _mm256_add_epi32(high, _mm256_madd_epi16(first, _mm256_set1_epi32(p[0])));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(first, _mm256_set1_epi32(p[1])));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(last, _mm256_set1_epi32(p[2])));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(last, _mm256_set1_epi32(p[3])));
    }
    pairs += 4 * quads;
    __m256i pixels = joined(high, low);
    pixels = _mm256_packus_epi32(pixels, pixels);
    pixels = _mm256_packus_epi16(pixels, pixels);
    const auto upperPixel = static_cast<uint32_t>(_mm256_extract_epi32(pixels, 0));
    const auto lowerPixel = static_cast<uint32_t>(_mm256_extract_epi32(pixels, 4));
    for (size_t c = 0; c < 3; ++c) {
      upperOut[3 * x + c] = static_cast<uint8_t>(upperPixel >> (8 * c));
      lowerOut[3 * x + c] = static_cast<uint8_t>(lowerPixel >> (8 * c));
    }
  }
}

MIXMIM_AVX2 void horizontal(const RowPass& pass, const ResampleAxis& axis, const ResampleTable& table) {
  for (int y = 0; y < pass.rows; y += 2) {
    const auto upper = static_cast<size_t>(y);
    const size_t lower = y + 1 < pass.rows ? upper + 1 : upper;  // an odd last row is done twice
    twoRows(pass.in + upper * pass.inStep, pass.in + lower * pass.inStep, axis, table.words.data(),
            pass.out + upper * pass.outStep, pass.out + lower * pass.outStep);
  }
}

/// Sixteen values of an output row.
MIXMIM_AVX2 inline void sixteenColumns(const uint8_t* in, size_t step, const TapPair* pairs, int taps,
                                       uint8_t* out) {
  const __m256i half = _mm256_set1_epi32(kResampleHalf);
  __m256i high0 = _mm256_setzero_si256(), high1 = high0, low0 = half, low1 = half;
  for (int t = 0; t < taps; t += 2, ++pairs) {
    const uint8_t* next = t + 1 < taps ? in + step : in;  // the weight of a tap too many is 0
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(next));
    const __m256i left = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
    const __m256i right = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
    const __m256i high = _mm256_set1_epi32(pairs->high), low = _mm256_set1_epi32(pairs->low);
    high0 = _mm256_add_epi32(high0, _mm256_madd_epi16(left, high));
    high1 = _mm256_add_epi32(high1, _mm256_madd_epi16(right, high));
    low0 = _mm256_add_epi32(low0, _mm256_madd_epi16(left, low));
    low1 = _mm256_add_epi32(low1, _mm256_madd_epi16(right, low));
    in += 2 * step;
  }
  // Packing works within halves of the registers: 0-3 8-11 | 4-7 12-15.
  const __m256i words = _mm256_packus_epi32(joined(high0, low0), joined(high1, low1));
  const __m256i ordered = _mm256_permute4x64_epi64(words, _MM_SHUFFLE(3, 1, 2, 0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                   _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1)));
}

MIXMIM_AVX2 void vertical(const uint8_t* in, size_t step, const int32_t* weights, int taps, size_t bytes,
                          uint8_t* out) {
  constexpr size_t kColumns = 16;
  constexpr int kMaxTaps = 256;
  if (bytes < kColumns || taps > kMaxTaps)
    return kPortableResample.vertical(in, step, weights, taps, bytes, out);
  TapPair pairs[kMaxTaps / 2];
  for (int t = 0; t < taps; t += 2) pairs[t / 2] = tapPair(weights[t], t + 1 < taps ? weights[t + 1] : 0);
  size_t x = 0;
  for (; x + kColumns <= bytes; x += kColumns) sixteenColumns(in + x, step, pairs, taps, out + x);
  if (x == bytes) return;
  x = bytes - kColumns;  // overlaps the one before and writes the same
  sixteenColumns(in + x, step, pairs, taps, out + x);
}

}  // namespace

const ResampleKernels kAvx2Resample{"AVX2", 16, prepare, horizontal, vertical};

}  // namespace cv::mixmim
#endif
