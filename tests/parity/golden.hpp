// The golden files: JSON descriptions and safetensors beside them.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"
#include "tests/parity/report.hpp"

namespace cv::mixmim::parity {

namespace json = boost::json;

/// X_pretrain, X_finetune or extras. Entries inside entries are named "training.lr"; Lacking is thrown where
/// one is not there.
struct Golden {
  std::string name;  ///< file name without its ending
  json::value text;
  TensorMap tensors;  ///< empty where there is no .safetensors

  const json::value* find(const std::string& path) const;  ///< null where there is none
  const json::value& at(const std::string& path) const;
  const json::object& object(const std::string& path) const { return at(path).as_object(); }
  double number(const std::string& path) const { return at(path).to_number<double>(); }
  std::optional<double> numberIf(const std::string& path) const;
  uint64_t seed() const { return at("seed").to_number<uint64_t>(); }
  int batch() const { return at("batch").to_number<int>(); }
};

/// Reads name.json and, if it is there, name.safetensors. Throws Lacking where there is no name.json, Error
/// for a file that cannot be read.
Golden readGolden(const std::string& folder, const std::string& name);

/// A member that may not be there.
std::optional<double> numberIn(const json::value& object, const char* key);
std::vector<double> numbersOf(const json::value& array);

/// The word for the model's encoder, "mixmim" where the file has none.
std::string encoderNameOf(const Golden& golden);
/// The family of that name; none where this build has no such encoder.
std::optional<Family> familyOf(const Golden& golden);

/// The model the file describes, under the conditions of the report. Throws Lacking; Error for a family that
/// this build does not have.
Config configOf(const Golden& golden, Task task, const Report& report);
/// Widths, heads, windows and shifts follow from the few numbers that configOf() takes: are they the file's?
void checkConfig(const Golden& golden, const Config& config, Report& report);

}  // namespace cv::mixmim::parity
