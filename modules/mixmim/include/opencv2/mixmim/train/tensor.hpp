// Parameters and moments on their way between trainer, checkpoint and export.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Element types, in the names of safetensors.
enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

CV_EXPORTS size_t sizeOf(DType dtype);       ///< bytes per element
CV_EXPORTS const char* nameOf(DType dtype);  ///< "F32", as safetensors spells it

/// A cv::Mat with the two things a Mat cannot say: shapes of rank 0 and 1, and element types such as int64 or
/// bfloat16.
struct Tensor {
  DType dtype = DType::kF32;   ///< of the elements
  std::vector<int64_t> shape;  ///< row-major; {} = one number
  cv::Mat bytes;               ///< 1 x (elements * sizeOf(dtype)), CV_8U, continuous; shared like every Mat

  /// Product of the shape.
  int64_t elements() const {
    int64_t n = 1;
    for (int64_t side : shape) n *= side;
    return n;
  }
  /// The elements; T must be the type that dtype names.
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes.data);
  }
  /// The same for writing.
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(bytes.data);
  }

  /// Zeros of that shape.
  static Tensor zeros(std::vector<int64_t> shape, DType dtype = DType::kF32) {
    Tensor t{dtype, std::move(shape), {}};
    t.bytes = cv::Mat::zeros(1, static_cast<int>(t.elements() * static_cast<int64_t>(sizeOf(dtype))), CV_8U);
    return t;
  }
};

/// Parameters by their official names ("layers.0.blocks.1.attn.qkv.weight"), sorted.
using TensorMap = std::map<std::string, Tensor>;

}  // namespace cv::mixmim
