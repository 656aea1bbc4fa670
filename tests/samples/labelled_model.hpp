// A small model whose classes have names, as a file.
#pragma once

#include <string>
#include <vector>

#include "model_io/onnx/export.hpp"
#include "tests/support/parity_recipe.hpp"
#include "tests/support/program.hpp"

namespace cv::mixmim::test {

constexpr int kSide = 64;

inline void writeModel(const std::string& path, const std::vector<std::string>& labels,
                       Orientation orientation = Orientation::kIgnore) {
  ModelConfig model;
  model.name = "small";
  model.imageSize = {kSide, kSide};
  model.embedDim = 16;
  model.headDim = 8;
  model.depths = {1, 1, 2};
  model.classes = static_cast<int>(labels.size());
  DeployedModel about;
  about.labels = labels;
  about.orientation = orientation;
  exportOnnx(path, recipeWeights(model, Task::kFinetune, 1), model, about);
}

/// Runs one of the built samples.
inline Outcome sample(const std::filesystem::path& folder, const std::string& command) {
  return runIn(folder, MIXMIM_SAMPLES "/" + command);
}

}  // namespace cv::mixmim::test
