// Quantization around a product of 8-bit numbers: rows of floats to bytes before it, sums of products to
// floats after it. One set of loops, compiled for several instruction sets.
#pragma once

#include <cstdint>
#include <vector>

namespace cv::mixmim {

/// A row of floats as bytes: x is about least + step * byte.
struct ByteRow {
  float least, step;
};

/// Dequantization of a row of sums of (byte of x) * (byte of weight): per column the step of its weights, the
/// sum of its weights (in floats, so bytes times step), and the bias.
struct ByteColumns {
  int64_t count;
  const float *step, *sum, *bias;
};

struct Int8Kernels {
  const char* name;
  /// The bytes of a row of `count` numbers, from its least (0) to its largest (255).
  ByteRow (*quantize)(const float* x, int64_t count, uint8_t* bytes);
  /// to = step_x * step * sums + least_x * sum + bias; `sums` and `to` may be the same memory.
  void (*finish)(const int32_t* sums, const ByteRow& row, const ByteColumns& columns, float* to);
  /// to += the same
  void (*finishAdding)(const int32_t* sums, const ByteRow& row, const ByteColumns& columns, float* to);
};

extern const Int8Kernels kPortableInt8;
#if defined(__x86_64__)
extern const Int8Kernels kAvx2Int8;
extern const Int8Kernels kAvx512Int8;  ///< needs AVX-512 F, BW, VL
#endif

/// The kernels that this processor runs, the fastest first. They agree to rounding, not to the bit.
/// MIXMIM_KERNELS as in kernels/layers.hpp.
std::vector<const Int8Kernels*> int8Kernels();

}  // namespace cv::mixmim
