#include "opencv2/mixmim/train/data_defaults.hpp"

#include <map>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

using Values = std::map<std::string, std::string>;

std::vector<Choice> choices(Task task, std::vector<Setting> given, const DataAtHand& data) {
  given.insert(given.begin(), {{"model", "small", "test"}, {"size", "64", "test"}});
  return choicesFor(resolve(task, given), given, data);
}

Values valuesOf(const std::vector<Choice>& choices) {
  Values values;
  for (const Choice& choice : choices) values[choice.key] = choice.value;
  return values;
}

struct Case {
  const char* name;
  Task task;
  std::vector<Setting> given;
  DataAtHand data;
  Values chosen;  ///< augmentation only where `light`
  bool light = false;
};

const std::vector<Case>& cases() {
  const Setting init{"init", "weights", "test"};
  static const std::vector<Case> all{
      {"a small set is pretrained",
       Task::kPretrain,
       {},
       {10000},
       {{"data.batch", "64"},
        {"optim.epochs", "100"},
        {"optim.warmupEpochs", "13.33"},
        {"optim.lr", "0.0014"}}},
      {"a small set is learned from scratch",
       Task::kFinetune,
       {},
       {2500},
       {{"data.batch", "16"},
        {"optim.epochs", "50"},
        {"optim.warmupEpochs", "2.5"},
        {"optim.lr", "0.00071"},
        {"optim.layerDecay", "1"}},
       true},
      {"weights to start from keep their first layers",
       Task::kFinetune,
       {init},
       {10000},
       {{"data.batch", "64"},
        {"optim.epochs", "50"},
        {"optim.warmupEpochs", "2.5"},
        {"optim.lr", "0.0014"},
        {"optim.layerDecay", "0.85"}},
       true},
      {"many steps pay for the recipe's augmentation",
       Task::kFinetune,
       {init, {"epochs", "200", "test"}},
       {20000},
       {{"run.checkpointEpochs", "2"},
        {"run.validateEpochs", "2"},
        {"optim.lr", "0.002"},
        {"optim.layerDecay", "0.85"}}},
      {"very few pictures are seen more often, and all of them in one step at most",
       Task::kFinetune,
       {init},
       {12},
       {{"data.batch", "8"},
        {"optim.epochs", "1000"},
        {"run.checkpointEpochs", "10"},
        {"run.validateEpochs", "10"},
        {"run.pictureEpochs", "50"},
        {"optim.lr", "0.0005"},
        {"optim.layerDecay", "0.85"}},
       true},
      {"processes share the pictures of a step",
       Task::kPretrain,
       {},
       {10000, 4},
       {{"data.batch", "16"},
        {"optim.epochs", "100"},
        {"optim.warmupEpochs", "13.33"},
        {"optim.lr", "0.0014"}}},
      {"the rates follow a batch that is given",
       Task::kPretrain,
       {{"batch", "32", "test"}, {"epochs", "12", "test"}},
       {10000},
       {{"optim.warmupEpochs", "1.6"}, {"optim.lr", "0.001"}}},
      {"a rate that is given stays",
       Task::kPretrain,
       {{"optim.baseLr", "1e-3", "test"}, {"epochs", "60", "test"}},
       {10000},
       {{"data.batch", "64"}, {"optim.warmupEpochs", "8"}}},
      {"a wider model learns more slowly",
       Task::kPretrain,
       {{"model.embedDim", "128", "test"}, {"epochs", "60", "test"}},
       {10000},
       {{"data.batch", "64"}, {"optim.warmupEpochs", "8"}, {"optim.lr", "0.00071"}}},
      {"many pictures take the published recipe", Task::kPretrain, {}, {kManyImages}, {}},
      {"which fine-tunes weights", Task::kFinetune, {init}, {kManyImages}, {}},
      {"and is shortened with its warm-up",
       Task::kPretrain,
       {{"epochs", "30", "test"}},
       {kManyImages},
       {{"optim.warmupEpochs", "4"}}},
      {"layers without weights have none to keep",
       Task::kFinetune,
       {},
       {kManyImages},
       {{"optim.layerDecay", "1"}}},
  };
  return all;
}

TEST(DataDefaults, FollowTheDataWhereNothingIsSaid) {
  const Values light{{"augment.scaleMin", "0.5"}, {"augment.randLayers", "0"}, {"augment.erase", "0"},
                     {"mix.mixup", "0"},          {"mix.cutmix", "0"},         {"model.dropPath", "0"}};
  for (const Case& c : cases()) {
    Values expected = c.chosen;
    if (c.light) expected.insert(light.begin(), light.end());
    EXPECT_EQ(valuesOf(choices(c.task, c.given, c.data)), expected) << c.name;
  }
}

/// Any one option given, by name or alias, is not chosen, and whatever is chosen beside it fits together.
TEST(DataDefaults, NeverTouchWhatIsGiven) {
  for (const Task task : {Task::kPretrain, Task::kFinetune}) {
    const std::vector<Choice> all = choices(task, {}, {2500});
    for (const Choice& choice : all) {
      const std::vector<Setting> given{{choice.key, choice.value, "test"}};
      const Values others = valuesOf(choices(task, given, {2500}));
      EXPECT_EQ(others.count(choice.key), 0u) << choice.key;
      EXPECT_GE(others.size() + 1, all.size()) << choice.key;
    }
  }
  const std::vector<Setting> narrow{{"augment.scaleMax", "0.3", "test"}};
  EXPECT_EQ(valuesOf(choices(Task::kFinetune, narrow, {2500})).count("augment.scaleMin"), 0u);
}

TEST(DataDefaults, ChoicesAreSet) {
  Config config = resolve(Task::kFinetune, {});
  applyChoices({{"data.batch", "16", ""}, {"optim.lr", "0.002", ""}}, config);
  EXPECT_EQ(config.data.batch, 16);
  EXPECT_EQ(config.optim.lr, 0.002);
}

TEST(DataDefaults, EveryChoiceHasAReason) {
  for (const Task task : {Task::kPretrain, Task::kFinetune})
    for (const Choice& choice : choices(task, {}, {12})) EXPECT_FALSE(choice.why.empty()) << choice.key;
}

}  // namespace
}  // namespace cv::mixmim
