// The order in which the reference's optimiser numbers parameters, against the reference's own lists.
#include "model/parameter_groups.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

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
  std::vector<Parameter> trainable;
  for (const Parameter& parameter : parameters(micro(), task))
    if (parameter.trainable) trainable.push_back(parameter);
  std::vector<Names> groups;
  for (const auto& group : optimizerGroups(trainable, microRun(task))) {
    groups.emplace_back();
    for (const Parameter& parameter : group) groups.back().push_back(parameter.name);
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

Parameter named(const std::string& name, const ModelConfig& model, Task task = Task::kFinetune) {
  for (const Parameter& parameter : parameters(model, task))
    if (parameter.name == name) return parameter;
  ADD_FAILURE() << "there is no parameter " << name;
  return {};
}

TEST(ParameterGroups, LayersAreCountedAsInTheReference) {
  const boost::json::value file = golden("micro_finetune.json");
  constexpr double kDecay = 0.7;
  constexpr int kBlocks = 5;
  for (const auto& entry : file.at("parameter_groups").as_object())
    EXPECT_NEAR(std::pow(kDecay, kBlocks + 1 - named(std::string(entry.key()), micro()).layer),
                entry.value().at("lr_scale").to_number<double>(), 1e-12)
        << entry.key();
}

TEST(ParameterGroups, TheHeadMayLearnAtTheFullRate) {
  Config config = microRun(Task::kFinetune);
  const Parameter head = named("head.weight", micro()), norm = named("norm.weight", micro());
  EXPECT_DOUBLE_EQ(updateRule(head, config).lrScale, 0.7);
  config.optim.headFullRate = true;
  EXPECT_DOUBLE_EQ(updateRule(head, config).lrScale, 1);
  EXPECT_DOUBLE_EQ(updateRule(norm, config).lrScale, 0.7);
  EXPECT_EQ(optimizerGroups({norm, head, named("head.bias", micro())}, config).size(), 3);
}

/// SimMIM's rule: a merging learns as the block before it, norm and head at the full rate, tables do not
/// decay.
TEST(ParameterGroups, OfSwinAreSimMims) {
  Config config = microRun(Task::kFinetune);
  config.model.encoder = Family::kSwin;
  config.optim.layerDecay = 0.5;
  config.optim.weightDecay = 0.1;
  const auto rule = [&](const char* name) { return updateRule(named(name, config.model), config); };
  EXPECT_DOUBLE_EQ(rule("patch_embed.proj.weight").lrScale, std::pow(0.5, 6));
  EXPECT_DOUBLE_EQ(rule("layers.0.blocks.0.mlp.fc1.weight").lrScale, std::pow(0.5, 5));
  EXPECT_DOUBLE_EQ(rule("layers.0.downsample.reduction.weight").lrScale, std::pow(0.5, 5));
  EXPECT_DOUBLE_EQ(rule("norm.weight").lrScale, 1);
  EXPECT_DOUBLE_EQ(rule("head.weight").lrScale, 1);
  EXPECT_DOUBLE_EQ(rule("layers.0.blocks.0.attn.relative_position_bias_table").weightDecay, 0);
  EXPECT_DOUBLE_EQ(rule("layers.0.blocks.0.attn.qkv.weight").weightDecay, 0.1);
  EXPECT_DOUBLE_EQ(rule("layers.0.blocks.0.attn.qkv.bias").weightDecay, 0);
}

}  // namespace
}  // namespace cv::mixmim::test
