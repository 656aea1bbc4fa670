#include "files/foreign_numbers.hpp"

#include <cstring>

namespace cv::mixmim {

namespace {

/// A bfloat16 is the upper half of a float32.
float fromBfloat16(uint16_t half) {
  const uint32_t bits = uint32_t{half} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

Tensor toFloat(const Tensor& tensor) {
  if (tensor.dtype != DType::kF16 && tensor.dtype != DType::kBF16 && tensor.dtype != DType::kF64)
    return tensor;
  Tensor result = Tensor::zeros(tensor.shape);
  if (tensor.elements() == 0) return result;
  const auto count = static_cast<int>(tensor.elements());
  cv::Mat values(1, count, CV_32F, result.bytes.data);
  if (tensor.dtype == DType::kBF16) {
    for (int i = 0; i < count; ++i) values.at<float>(i) = fromBfloat16(tensor.as<uint16_t>()[i]);
  } else {
    const int type = tensor.dtype == DType::kF16 ? CV_16F : CV_64F;
    cv::Mat(1, count, type, tensor.bytes.data).convertTo(values, CV_32F);
  }
  return result;
}

}  // namespace cv::mixmim
