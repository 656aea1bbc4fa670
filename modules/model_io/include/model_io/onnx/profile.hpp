// The demands of an exported file on its readers, and their names.
#pragma once

#include <optional>
#include <string>

namespace cv::mixmim {

/// How the numbers of a network's weights are stored. Arithmetic is float32 either way.
enum class WeightType { kFloat32, kFloat16 };

/// The demands of a file on its readers.
struct OnnxProfile {
  int opset = 11;  ///< 9 or 11
  WeightType weights = WeightType::kFloat32;
};

/// Names on the command line and in the file's description.
const char* nameOf(WeightType weights);  ///< "fp32", "fp16"
std::optional<WeightType> weightTypeNamed(const std::string& name);

}  // namespace cv::mixmim
