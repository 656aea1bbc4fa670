// The order in which the reference's optimiser numbers parameters, against the reference's own lists.
#include "model_io/parameter_groups.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "model_io/parameters.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim::test {
namespace {

using Names = std::vector<std::string>;

boost::json::value golden(const std::string& name) {
  const std::string path = MIXMIM_GOLDEN_DIR "/parity/" + name;
  std::ifstream file(path, std::ios::binary);
  return parseJson(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

/// The smallest of the reference's test models.
ModelConfig micro() {
  ModelConfig model;
  model.embedDim = model.headDim = 8;
  model.depths = {1, 1, 2, 1};
  model.decoderDim = 16;
  model.decoderDepth = 1;
  model.decoderHeads = 2;
  model.classes = 10;
  return model;
}

std::vector<Names> groupsOf(Task task) {
  std::vector<NamedShape> trainable;
  for (const Parameter& parameter : parameters(micro(), task))
    if (parameter.trainable()) trainable.push_back({parameter.name, parameter.shape});
  std::vector<Names> groups;
  for (const auto& group : optimizerGroups(trainable, micro(), task)) {
    groups.emplace_back();
    for (const NamedShape& parameter : group) groups.back().push_back(parameter.name);
  }
  return groups;
}

TEST(ParameterGroups, PretrainingIsNumberedAsInTheReference) {
  const boost::json::value file = golden("micro_pretrain.json");
  EXPECT_EQ(groupsOf(Task::kPretrain), boost::json::value_to<std::vector<Names>>(file.at("optimizer_order")));
}

/// The reference opens a group for every (rate, decay) it meets for the first time.
TEST(ParameterGroups, FinetuningIsNumberedAsInTheReference) {
  const boost::json::value file = golden("micro_finetune.json");
  std::vector<std::pair<double, double>> keys;
  std::vector<Names> expected;
  for (const auto& entry : file.at("parameter_groups").as_object()) {
    const std::pair<double, double> key{entry.value().at("lr_scale").to_number<double>(),
                                        entry.value().at("weight_decay").to_number<double>()};
    const auto found = std::find(keys.begin(), keys.end(), key);
    const auto index = static_cast<size_t>(found - keys.begin());
    if (found == keys.end()) keys.push_back(key), expected.emplace_back();
    expected[index].emplace_back(entry.key());
  }
  EXPECT_EQ(groupsOf(Task::kFinetune), expected);
}

TEST(ParameterGroups, LayersAreCountedAsInTheReference) {
  const boost::json::value file = golden("micro_finetune.json");
  constexpr double kDecay = 0.7;
  constexpr int kBlocks = 5;
  for (const auto& entry : file.at("parameter_groups").as_object())
    EXPECT_NEAR(std::pow(kDecay, kBlocks + 1 - layerId(entry.key(), micro())),
                entry.value().at("lr_scale").to_number<double>(), 1e-12)
        << entry.key();
}

}  // namespace
}  // namespace cv::mixmim::test
