#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "train/suggestion.hpp"

namespace cv::mixmim {

namespace {

using Values = std::vector<std::pair<const char*, const char*>>;

struct Recipe {
  const char* name;
  Task task;
  const char* sentence;
  Values values;  ///< what differs from the defaults of the task
};

// Batch sizes are those of the published runs, 2048 and 1024 images per step, in parts of 128 or less one
// after the other.
const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> all{
      {"pretrain", Task::kPretrain, "the published recipe of pretraining, whatever the data", {}},
      {"pretrain-base-600ep",
       Task::kPretrain,
       "MixMIM-B as published: 600 epochs, 2048 images per step",
       {{"model.name", "base"}, {"optim.epochs", "600"}, {"data.batch", "128"}, {"optim.accumulate", "16"}}},
      {"pretrain-base-300ep",
       Task::kPretrain,
       "MixMIM-B with mmpretrain's schedule: 300 epochs, 2048 images per step",
       {{"model.name", "base"}, {"optim.epochs", "300"}, {"data.batch", "128"}, {"optim.accumulate", "16"}}},
      {"finetune", Task::kFinetune, "the published recipe of fine-tuning, whatever the data", {}},
      {"finetune-base-100ep",
       Task::kFinetune,
       "MixMIM-B as published: 100 epochs, 1024 images per step",
       {{"model.name", "base"}, {"data.batch", "128"}, {"optim.accumulate", "8"}}},
      {"finetune-base-384",
       Task::kFinetune,
       "the same at 384 px; weights for 384 were published, a recipe was not: this is the one for 224",
       {{"model.name", "base"},
        {"model.imageSize", "384"},
        {"data.batch", "32"},
        {"optim.accumulate", "32"}}},
  };
  return all;
}

const Recipe& recipe(const std::string& name) {
  const auto named = [&](const Recipe& recipe) { return name == recipe.name; };
  const auto found = std::find_if(recipes().begin(), recipes().end(), named);
  if (found == recipes().end())
    throw Error("preset", fmt::format("expected one of {}, got '{}'", fmt::join(presetNames(), ", "), name),
                didYouMean(name, presetNames()));
  return *found;
}

}  // namespace

std::vector<std::string> presetNames() {
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes()) names.emplace_back(recipe.name);
  return names;
}

Preset preset(const std::string& name) {
  const Recipe& wanted = recipe(name);
  const std::string origin = "preset " + name;
  Preset result{wanted.task, wanted.sentence, {{"data.orientation", "ignore", origin}}};  // as published
  for (const auto& [key, value] : wanted.values) result.settings.push_back({key, value, origin});
  return result;
}

}  // namespace cv::mixmim
