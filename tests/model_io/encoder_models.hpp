// Narrow models of every family of encoders with reduced keys: those of the published golden numbers.
#pragma once

#include <string>
#include <vector>

#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::test {

/// The width of their attention heads, which their tensors do not show.
inline constexpr int kNarrowHead = 8;

/// `encoder` is the word of model.encoder.
inline Config narrowModel(const std::string& encoder, Task task = Task::kFinetune,
                          const std::string& size = "224") {
  const bool svt = encoder == "twins_svt", pvt = encoder == "pvt";
  std::vector<Setting> settings{{"model.encoder", encoder, ""},
                                {"model.imageSize", size, ""},
                                {"model.dims", "8,16,24,32", ""},
                                {"model.depths",
                                 svt   ? "2,2,2,2"
                                 : pvt ? "1,1,2,2"
                                       : "1,1,2,1",
                                 ""},
                                {"model.mlpRatios", svt ? "" : "8,8,4,4", ""},
                                {"model.headDim", std::to_string(kNarrowHead), ""}};
  if (task == Task::kPretrain)
    settings.insert(
        settings.end(),
        {{"model.decoderDim", "16", ""}, {"model.decoderDepth", "1", ""}, {"model.decoderHeads", "2", ""}});
  Config config = resolve(task, settings);
  if (task == Task::kFinetune) config.model.classes = 10;
  return config;
}

/// All values follow from the names.
inline TensorMap weightsOf(const Config& config) {
  return recipeWeights(config.model, config.run.task, /*seed=*/1);
}

}  // namespace cv::mixmim::test
