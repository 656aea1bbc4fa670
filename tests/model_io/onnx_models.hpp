// Models to export, with weights in which nothing is trivial, and their files.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model_io/onnx/builder.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::test {

constexpr uint64_t kSeed = 1;

/// embedDim 8, one block per stage, 3 classes: exported in a millisecond.
inline ModelConfig smallest() {
  ModelConfig model;
  model.name = "smallest";
  model.imageSize = {16, 16};
  model.embedDim = 8;
  model.headDim = 8;
  model.depths = {1, 1};
  model.classes = 3;
  return model;
}

/// Other models of Swin than the golden ones, with 10 classes.
inline ModelConfig swinNamed(const std::string& name) {
  ModelConfig model = recipeModel("swin", /*classes=*/10);
  model.name = name;
  if (name == "swinAt64") {  // windows of 2 x 2, shifted by 1; several heads in every stage
    model.imageSize = {64, 64};
    model.headDim = 4;
  } else if (name == "swinWide") {  // grids of 8 x 16 and 4 x 8 under windows of 8 x 8 and 4 x 4
    model.imageSize = {64, 32};
    model.headDim = 4;
    model.depths = {2, 2};
  } else if (name == "swinOneWindow") {
    model.imageSize = {28, 28};
    model.depths = {2};
  }
  return model;
}

/// The models of tests/golden, and others with odd grids, windows, patches and numbers of stages. "NAME@WxH":
/// the same for pictures of another size, px.
inline ModelConfig modelNamed(const std::string& name) {
  if (const size_t at = name.find('@'); at != std::string::npos) {
    ModelConfig model = modelNamed(name.substr(0, at));
    const size_t cross = name.find('x', at);
    model.imageSize = {std::stoi(name.substr(at + 1)), std::stoi(name.substr(cross + 1))};
    return model;
  }
  ModelConfig model = recipeModel(name, /*classes=*/10);
  if (name == "small64") {
    model.imageSize = {64, 64};
    model.depths = {1, 2, 4};
    model.headDim = 16;
  } else if (name == "patch2At32") {
    model.imageSize = {32, 32};
    model.patchSize = 2;
    model.depths = {1, 1, 2};
    model.headDim = 16;
  } else if (name == "oneTokenAt16") {
    model.imageSize = {16, 16};
    model.depths = {1, 1, 1};
    model.headDim = 16;
  } else if (name ==
             "manyWindowsAt136") {  // grids 34, 17: windows of 2 x 2 and, as 17 is prime, of one token
    model.imageSize = {136, 136};
    model.depths = {1, 1};
    model.headDim = 16;
  } else if (name == "wide") {  // grids of 12 x 24 and 6 x 12
    model.imageSize = {96, 48};
    model.depths = {1, 1};
    model.headDim = 16;
  } else if (name == "tall") {
    model.imageSize = {48, 64};
    model.depths = {1, 2, 1};
    model.headDim = 16;
  } else if (name == "tinyAt384") {
    model = recipeModel("tiny", model.classes);
    model.imageSize = {384, 384};
  } else if (name.rfind("swin", 0) == 0 && name != "swin" && name != "swin14") {
    model = swinNamed(name);
  } else if (model.encoder == Family::kMixMim &&
             name.find('_') != std::string::npos) {  // as people name them
    model = resolve(Task::kFinetune, {{"model", name, ""}}).model;
    model.classes = 10;
  }
  return model;
}

inline TensorMap weightsOf(const ModelConfig& model) {
  return recipeWeights(model, Task::kFinetune, kSeed);
}

inline Tensor floats(std::vector<int64_t> shape, const std::vector<float>& values) {
  Tensor tensor = Tensor::zeros(std::move(shape));
  std::copy(values.begin(), values.end(), tensor.as<float>());
  return tensor;
}

inline std::string fileOf(const OnnxBuilder& net) {
  std::string file;
  net.write([&](const void* data, size_t size) { file.append(static_cast<const char*>(data), size); });
  return file;
}

}  // namespace cv::mixmim::test
