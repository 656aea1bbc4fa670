// What an exported file asks of its readers, and the words for it.
#pragma once

#include <optional>
#include <string>

namespace cv::mixmim {

/// How the numbers of a network's weights are stored. Arithmetic is float32 either way.
enum class WeightType { kFloat32, kFloat16 };

/// What a file asks of its readers.
struct OnnxProfile {
  int opset = 11;  ///< 9 or 11
  WeightType weights = WeightType::kFloat32;
};

/// The words of the command line and of the file's description.
const char* nameOf(WeightType weights);  ///< "fp32", "fp16"
std::optional<WeightType> weightTypeNamed(const std::string& name);

}  // namespace cv::mixmim
