// A weight k is split into three signed bytes, k = digit2 * 2^16 + digit1 * 2^8 + digit0, so that one
// instruction (VNNI) multiplies and adds four taps of 16 values; the three sums are put together at the end,
// exact modulo 2^32.
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <limits>

#include "resample/resample_kernels.hpp"

// The target is set per function and not per file, because the linker could keep inline functions compiled
// for AVX-512 for all files.
#define MIXMIM_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")))

namespace cv::mixmim {

namespace {

constexpr int kTaps = 4;     // of one multiply-add: a quad
constexpr int kLanes = 16;   // output values of one register: a group
constexpr int kWindow = 64;  // bytes of a row, among which a quad of a group must find its pixels

/// Four weights, of which word d holds digit d of each in a byte.
using Digits = __m128i;

/// Taps [0, taps) of `weights`, at most four; 0 beyond. Adding 128 to every byte and flipping its top bit
/// makes signed digits of unsigned ones. Three digits hold weights from -2 to 1.99, and those of an axis stay
/// in that range.
MIXMIM_AVX512 inline Digits split(const int32_t* weights, int taps) {
  const auto wanted = static_cast<__mmask8>((1u << std::clamp(taps, 0, kTaps)) - 1);
  const __m128i bias = _mm_set1_epi32(0x808080);
  const __m128i digits = _mm_xor_si128(_mm_add_epi32(_mm_maskz_loadu_epi32(wanted, weights), bias), bias);
  return _mm_shuffle_epi8(digits, _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

/// The sums of the three digits as one number, its fraction cut off.
MIXMIM_AVX512 inline __m512i joined(const __m512i sums[3]) {
  const __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(sums[2], 16),
                                       _mm512_add_epi32(_mm512_slli_epi32(sums[1], 8), sums[0]));
  return _mm512_srai_epi32(sum, kResampleFractionBits);
}

MIXMIM_AVX512 inline void storePixels(const __m512i sums[3], uint8_t* out, __mmask16 lanes) {
  const __m512i value = _mm512_max_epi32(joined(sums), _mm512_setzero_si512());
  _mm_mask_storeu_epi8(out, lanes, _mm512_cvtusepi32_epi8(value));
}

// Horizontal. The table holds for every group and quad
//   words   where its window begins in a row
//   blocks  which byte of the window goes to which place; the three digits of the weights

constexpr size_t kBlocksPerQuad = 4;

int groupsOf(const ResampleAxis& axis, int channels) {
  return (static_cast<int>(axis.first.size()) * channels + kLanes - 1) / kLanes;
}

/// One quad of one group; false when its pixels do not lie within one window.
MIXMIM_AVX512 bool prepareQuad(const ResampleAxis& axis, int channels, int group, int tap,
                               int32_t& windowBegin, ResampleTable::Block* blocks) {
  const int positions = static_cast<int>(axis.first.size());
  int x = group * kLanes / channels, c = group * kLanes % channels;
  int begin = std::numeric_limits<int>::max(), end = 0, offsets[kLanes] = {};
  alignas(16) uint32_t digits[4];
  for (int lane = 0; lane < kLanes && x < positions; ++lane) {
    const auto position = static_cast<size_t>(x);
    const int taps = std::min(axis.count[position] - tap, kTaps);
    const int32_t* weights = axis.weights.data() + position * static_cast<size_t>(axis.width) + tap;
    _mm_store_si128(reinterpret_cast<__m128i*>(digits), split(weights, taps));
    for (size_t d = 0; d < 3; ++d) blocks[1 + d].words[lane] = digits[d];
    if (taps > 0) {
      offsets[lane] = (axis.first[position] + tap) * channels + c;
      begin = std::min(begin, offsets[lane]);
      end = std::max(end, offsets[lane] + (taps - 1) * channels + 1);
    }
    if (++c == channels) {
      c = 0;
      ++x;
    }
  }
  if (end == 0) begin = 0;  // no taps at all
  if (end - begin > kWindow) return false;
  windowBegin = begin;
  const auto step = static_cast<uint32_t>(channels);
  for (int lane = 0; lane < kLanes; ++lane) {
    // Places beyond the window belong to taps of weight 0; the permutation takes them modulo 64.
    const auto first = static_cast<uint32_t>(std::max(0, offsets[lane] - begin));
    blocks[0].words[lane] = first * 0x01010101 + step * 0x03020100;
  }
  return true;
}

bool prepare(const ResampleAxis& axis, int channels, ResampleTable& table) {
  const int groups = groupsOf(axis, channels);
  const int quads = (*std::max_element(axis.count.begin(), axis.count.end()) + kTaps - 1) / kTaps;
  table.words.resize(static_cast<size_t>(groups) * static_cast<size_t>(quads));
  table.blocks.assign(table.words.size() * kBlocksPerQuad, {});
  size_t i = 0;
  for (int group = 0; group < groups; ++group)
    for (int quad = 0; quad < quads; ++quad, ++i)
      if (!prepareQuad(axis, channels, group, kTaps * quad, table.words[i],
                       &table.blocks[i * kBlocksPerQuad]))
        return false;
  return true;
}

template <int rows>
MIXMIM_AVX512 void resampleRows(const RowPass& pass, int firstRow, int values, const ResampleTable& table) {
  const uint8_t* in = pass.in + pass.inStep * static_cast<size_t>(firstRow);
  uint8_t* out = pass.out + pass.outStep * static_cast<size_t>(firstRow);
  const int32_t* window = table.words.data();
  const ResampleTable::Block* block = table.blocks.data();
  const int groups = (values + kLanes - 1) / kLanes, quads = static_cast<int>(table.words.size()) / groups;
  for (int group = 0; group < groups; ++group, out += kLanes) {
    __m512i sums[rows][3];
    for (auto& sum : sums) {
      sum[0] = _mm512_set1_epi32(kResampleHalf);
      sum[1] = sum[2] = _mm512_setzero_si512();
    }
    for (int quad = 0; quad < quads; ++quad, ++window, block += kBlocksPerQuad) {
      const __m512i order = _mm512_load_si512(block), digit0 = _mm512_load_si512(block + 1),
                    digit1 = _mm512_load_si512(block + 2), digit2 = _mm512_load_si512(block + 3);
      for (int row = 0; row < rows; ++row) {
        const __m512i bytes = _mm512_permutexvar_epi8(
            order, _mm512_loadu_si512(in + pass.inStep * static_cast<size_t>(row) + *window));
        sums[row][0] = _mm512_dpbusd_epi32(sums[row][0], bytes, digit0);
        sums[row][1] = _mm512_dpbusd_epi32(sums[row][1], bytes, digit1);
        sums[row][2] = _mm512_dpbusd_epi32(sums[row][2], bytes, digit2);
      }
    }
    const int lanes = std::min(kLanes, values - group * kLanes);
    for (int row = 0; row < rows; ++row)
      storePixels(sums[row], out + pass.outStep * static_cast<size_t>(row),
                  static_cast<__mmask16>((1u << lanes) - 1));
  }
}

void horizontal(const RowPass& pass, const ResampleAxis& axis, const ResampleTable& table) {
  const int values = static_cast<int>(axis.first.size()) * pass.channels;
  int row = 0;
  for (; row + 4 <= pass.rows; row += 4) resampleRows<4>(pass, row, values, table);
  for (; row < pass.rows; ++row) resampleRows<1>(pass, row, values, table);
}

/// 64 values of an output row, or less at its end.
MIXMIM_AVX512 inline void columns(const uint8_t* in, size_t step, const Digits* digits, int taps,
                                  __mmask64 wanted, uint8_t* out) {
  __m512i sums[4][3];
  for (auto& sum : sums) {
    sum[0] = _mm512_set1_epi32(kResampleHalf);
    sum[1] = sum[2] = _mm512_setzero_si512();
  }
  for (int t = 0; t < taps; t += kTaps, ++digits) {
    __m512i rows[kTaps];
    for (int i = 0; i < kTaps; ++i)  // a tap too many has the weight 0
      rows[i] = _mm512_maskz_loadu_epi8(wanted, in + step * static_cast<size_t>(std::min(t + i, taps - 1)));
    const __m512i ab0 = _mm512_unpacklo_epi8(rows[0], rows[1]), ab1 = _mm512_unpackhi_epi8(rows[0], rows[1]);
    const __m512i cd0 = _mm512_unpacklo_epi8(rows[2], rows[3]), cd1 = _mm512_unpackhi_epi8(rows[2], rows[3]);
    const __m512i quads[4] = {_mm512_unpacklo_epi16(ab0, cd0), _mm512_unpackhi_epi16(ab0, cd0),
                              _mm512_unpacklo_epi16(ab1, cd1), _mm512_unpackhi_epi16(ab1, cd1)};
    for (int d = 0; d < 3; ++d) {
      const __m512i digit = _mm512_set1_epi32(reinterpret_cast<const int32_t*>(digits)[d]);
      for (int i = 0; i < 4; ++i) sums[i][d] = _mm512_dpbusd_epi32(sums[i][d], quads[i], digit);
    }
  }
  __m512i words[4];
  for (int i = 0; i < 4; ++i) words[i] = joined(sums[i]);
  // Packing undoes the order that unpacking made, within each quarter.
  const __m512i bytes =
      _mm512_packus_epi16(_mm512_packus_epi32(words[0], words[1]), _mm512_packus_epi32(words[2], words[3]));
  _mm512_mask_storeu_epi8(out, wanted, bytes);
}

MIXMIM_AVX512 void vertical(const uint8_t* in, size_t step, const int32_t* weights, int taps, size_t bytes,
                            uint8_t* out) {
  constexpr int kMaxTaps = 256;
  if (taps > kMaxTaps) return kPortableResample.vertical(in, step, weights, taps, bytes, out);
  Digits digits[kMaxTaps / kTaps];
  for (int t = 0; t < taps; t += kTaps) digits[t / kTaps] = split(weights + t, taps - t);
  for (size_t x = 0; x < bytes; x += 64) {
    const size_t values = std::min<size_t>(64, bytes - x);
    columns(in + x, step, digits, taps, values == 64 ? ~__mmask64{0} : (__mmask64{1} << values) - 1, out + x);
  }
}

}  // namespace

const ResampleKernels kAvx512Resample{"AVX-512", kWindow, prepare, horizontal, vertical};

}  // namespace cv::mixmim
#endif
