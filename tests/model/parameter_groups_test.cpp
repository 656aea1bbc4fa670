// The order in which the reference's optimiser numbers parameters, against the reference's own lists.
#include "model/parameter_groups.hpp"

#include <boost/json.hpp>
#include <cmath>

#include <gtest/gtest.h>

#include "model/parameters.hpp"
#include "tests/model/reference_lists.hpp"

namespace cv::mixmim::test {
namespace {

Config microRun(Task task) {
  Config config;
  config.model = micro();
  config.run.task = task;
  config.optim.layerDecay = 0.7;
  return config;
}

std::vector<Names> groupsOf(Task task) {
  std::vector<NamedShape> trainable;
  for (const Parameter& parameter : parameters(micro(), task))
    if (parameter.trainable()) trainable.push_back({parameter.name, parameter.shape});
  std::vector<Names> groups;
  for (const auto& group : optimizerGroups(trainable, microRun(task))) {
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

TEST(ParameterGroups, TheHeadMayLearnAtTheFullRate) {
  Config config = microRun(Task::kFinetune);
  const NamedShape head{"head.weight", {4, 8}}, norm{"norm.weight", {8}};
  EXPECT_DOUBLE_EQ(updateRule(head, config).lrScale, 0.7);
  config.optim.headFullRate = true;
  EXPECT_DOUBLE_EQ(updateRule(head, config).lrScale, 1);
  EXPECT_DOUBLE_EQ(updateRule(norm, config).lrScale, 0.7);
  EXPECT_EQ(optimizerGroups({norm, head, {"head.bias", {4}}}, config).size(), 3);
}

}  // namespace
}  // namespace cv::mixmim::test
