// Files as other programs write them, made of numbers that are all different.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "model/parameters.hpp"
#include "model_io/pth/pth.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim::test {

/// Weights and moments in which no two numbers are alike.
inline TrainerState stateOf(const Config& config) {
  TrainerState state;
  state.weights = initialWeights(config.model, config.run.task, 7);
  float next = 0;
  for (const Parameter& parameter : parameters(config.model, config.run.task)) {
    if (!parameter.trainable) continue;
    for (const char* moment : {".exp_avg", ".exp_avg_sq"}) {
      Tensor tensor = Tensor::zeros(parameter.shape);
      for (int64_t i = 0; i < tensor.elements(); ++i) tensor.as<float>()[i] = next++;
      state.optimizer[parameter.name + moment] = tensor;
    }
  }
  state.optimizer["step"] = Tensor::zeros({}, DType::kI64);
  *state.optimizer["step"].as<int64_t>() = 1234;
  return state;
}

/// {"model": tensors}, or under another key; "": the tensors are the file.
inline void writeStateDict(const std::string& path, const TensorMap& tensors,
                           const std::string& key = "model") {
  PthWriter file(path);
  file.beginDict();
  if (!key.empty()) file.text(key), file.beginDict();
  for (const auto& [name, tensor] : tensors) file.text(name), file.tensor(tensor);
  if (!key.empty()) file.end();
  file.end();
  file.commit();
}

template <class Case>
std::string nameOfCase(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

/// Replaces the first `from` by `to`.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// Patch merging as mmpretrain stores it: the four neighbours of a channel side by side, in another order.
inline Tensor mmpretrainMerging(const Tensor& official) {
  const int64_t order[] = {0, 2, 1, 3}, width = official.shape.back(), channels = width / 4;
  Tensor theirs = Tensor::zeros(official.shape);
  for (int64_t row = 0; row < official.elements() / width; ++row)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t k = 0; k < 4; ++k)
        theirs.as<float>()[row * width + 4 * c + k] =
            official.as<float>()[row * width + order[k] * channels + c];
  return theirs;
}

}  // namespace cv::mixmim::test
