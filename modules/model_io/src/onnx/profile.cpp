#include "model_io/onnx/profile.hpp"

namespace cv::mixmim {

const char* nameOf(WeightType weights) {
  return weights == WeightType::kFloat16 ? "fp16" : "fp32";
}

std::optional<WeightType> weightTypeNamed(const std::string& name) {
  for (const WeightType type : {WeightType::kFloat32, WeightType::kFloat16})
    if (name == nameOf(type)) return type;
  return std::nullopt;
}

}  // namespace cv::mixmim
