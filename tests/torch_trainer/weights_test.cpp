// Weights of one task as the start of another, for every family of encoders.
#include "network/weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/resize_weights.hpp"
#include "opencv2/mixmim/text.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim {
namespace {

constexpr uint64_t kSeed = 1;

/// Two stages of 64 x 64 px: a stride of 8, 8 x 8 cells.
ModelConfig modelOf(Family family, int classes, int side = 64) {
  ModelConfig model;
  model.encoder = family;
  model.imageSize = {side, side};
  model.embedDim = model.headDim = 8;
  model.depths = {2, 1};
  model.decoderDim = 16;
  model.decoderDepth = 1;
  model.decoderHeads = 2;
  model.classes = classes;
  return model;
}

bool isOfHead(const std::string& name) {
  return startsWith(name, "head.");
}

bool isOfPretraining(const std::string& name) {
  return startsWith(name, "decoder_") || name == "mask_token";
}

bool isSame(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape && std::memcmp(a.bytes.data, b.bytes.data, a.bytes.total()) == 0;
}

std::vector<std::string> namesWhere(const std::vector<Parameter>& list,
                                    bool (*isWanted)(const std::string&)) {
  std::vector<std::string> names;
  for (const Parameter& parameter : list)
    if (isWanted(parameter.name)) names.push_back(parameter.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

class EncoderWeights : public ::testing::TestWithParam<Family> {
 protected:
  /// A model after it was given those weights.
  struct Started {
    Started(const ModelConfig& model, Task task, const TensorMap& given)
        : weights(model, task, /*seed=*/5, at::kCPU), report(weights.initialise(given, /*seed=*/5)) {}

    Weights weights;
    LoadReport report;
  };

  void expectEncoder(const Weights& weights, const TensorMap& given) const {
    const TensorMap values = weights.toMap();
    for (const Parameter& parameter : weights.list()) {
      if (isOfHead(parameter.name) || isOfPretraining(parameter.name)) continue;
      EXPECT_TRUE(isSame(values.at(parameter.name), given.at(parameter.name))) << parameter.name;
    }
  }
};

TEST_P(EncoderWeights, OfPretrainingBeginAFineTuning) {
  const ModelConfig model = modelOf(GetParam(), /*classes=*/3);
  const TensorMap given = test::recipeWeights(model, Task::kPretrain, kSeed);
  const Started started(model, Task::kFinetune, given);
  EXPECT_TRUE(started.report.missing.empty());
  EXPECT_TRUE(started.report.resized.empty());
  EXPECT_EQ(sorted(started.report.unused), namesWhere(parameters(model, Task::kPretrain), isOfPretraining));
  expectEncoder(started.weights, given);
}

/// Its classes are others, be they as many or not: the head is drawn anew, and that of the file is named.
TEST_P(EncoderWeights, OfAClassifierBeginAnother) {
  for (const int classes : {21, 3}) {
    const ModelConfig theirs = modelOf(GetParam(), classes), ours = modelOf(GetParam(), /*classes=*/3);
    const TensorMap given = test::recipeWeights(theirs, Task::kFinetune, kSeed);
    const Started started(ours, Task::kFinetune, given);
    EXPECT_TRUE(started.report.missing.empty());
    EXPECT_EQ(sorted(started.report.unused), (std::vector<std::string>{"head.bias", "head.weight"}));
    expectEncoder(started.weights, given);
    EXPECT_LT(started.weights.at("head.weight").abs().max().item<double>(), 1e-3) << "drawn, with std 2e-5";
    EXPECT_GT(started.weights.at("head.weight").abs().max().item<double>(), 0);
  }
}

TEST_P(EncoderWeights, OfAClassifierArePretrainedFurther) {
  const ModelConfig model = modelOf(GetParam(), /*classes=*/3);
  const TensorMap given = test::recipeWeights(model, Task::kFinetune, kSeed);
  const Started started(model, Task::kPretrain, given);
  EXPECT_EQ(sorted(started.report.missing), namesWhere(started.weights.list(), isOfPretraining));
  EXPECT_EQ(sorted(started.report.unused), (std::vector<std::string>{"head.bias", "head.weight"}));
  expectEncoder(started.weights, given);
}

TEST_P(EncoderWeights, FitAnotherImageSize) {
  const ModelConfig small = modelOf(GetParam(), /*classes=*/3), large = modelOf(GetParam(), 3, /*side=*/96);
  const TensorMap given = test::recipeWeights(small, Task::kFinetune, kSeed);
  const Started started(large, Task::kFinetune, given);
  EXPECT_TRUE(started.report.missing.empty());
  expectEncoder(started.weights, weightsForImageSize(given, small, large));
  std::vector<std::string> resized;
  for (const Parameter& parameter : started.weights.list())
    if (parameter.shape != given.at(parameter.name).shape) resized.push_back(parameter.name);
  EXPECT_EQ(started.report.resized, resized);
  const bool depends =
      GetParam() == Family::kMixMim || GetParam() == Family::kSwin || GetParam() == Family::kPvt;
  EXPECT_EQ(!resized.empty(), depends);
}

std::string nameOfFamily(const ::testing::TestParamInfo<Family>& info) {
  constexpr const char* kNames[] = {"MixMim", "Swin", "Pvt", "TwinsSvt", "TwinsPcpvt", "PvtV2"};
  return kNames[static_cast<size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Families, EncoderWeights,
                         ::testing::Values(Family::kMixMim, Family::kSwin, Family::kPvt, Family::kTwinsSvt,
                                           Family::kTwinsPcpvt, Family::kPvtV2),
                         nameOfFamily);

}  // namespace
}  // namespace cv::mixmim
