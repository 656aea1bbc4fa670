// The golden files: JSON descriptions and safetensors beside them.
#pragma once

#include <ATen/ATen.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"
#include "tests/parity/report.hpp"

namespace cv::mixmim::parity {

namespace json = boost::json;

/// The tolerances of the golden files, relative unless said otherwise.
inline constexpr double kLossTolerance = 2e-6,
                        kActivationTolerance = 1e-5 /* absolute, plus the same of the largest */,
                        kGradientTolerance = 2e-5, kGradientNormTolerance = 2e-4,
                        kTrainingLossTolerance = 1e-5, kChangeTolerance = 1e-2, kNoisyAbove = 3e-3;

/// X_pretrain or X_finetune.
struct Golden {
  std::string name;  ///< file name without its ending
  json::object text;
  TensorMap tensors;  ///< empty where there is no .safetensors

  const json::value& at(const char* key) const;
  double number(const char* key) const { return at(key).to_number<double>(); }
  uint64_t seed() const { return at("seed").to_number<uint64_t>(); }
  int batch() const { return at("batch").to_number<int>(); }
};

/// Reads name.json and, if it is there, name.safetensors. Throws Error.
Golden readGolden(const std::string& folder, const std::string& name);

/// The model the file describes; reports windows and heads that do not follow from it.
Config configOf(const Golden& golden, Task task, Report& report);

std::vector<double> numbersOf(const json::value& array);

/// Our tensors for those of the border.
at::Tensor toTorch(const Tensor& tensor);

/// Compares with a description {shape, sum, abs_sum, samples}.
void compareDescription(Quantity& quantity, const std::string& where, const at::Tensor& got,
                        const json::value& wanted);
/// Compares with every number of a full tensor.
void compareTensor(Quantity& quantity, const std::string& where, const at::Tensor& got, const Tensor& wanted);

}  // namespace cv::mixmim::parity
