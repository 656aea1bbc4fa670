#include "catalogue/model_facts.hpp"

#include <functional>
#include <numeric>

#include "model/parameters.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

constexpr int kImageNetClasses = 1000;

int64_t countParameters(const ModelConfig& model) {
  int64_t count = 0;
  for (const Parameter& parameter : parameters(model, Task::kFinetune))
    count += std::accumulate(parameter.shape.begin(), parameter.shape.end(), int64_t{1},
                             std::multiplies<int64_t>());
  return count;
}

/// The word of a setting.
std::string wordOf(Config config, const std::string& key) {
  for (const Option& option : options(config))
    if (option.name == key) return option.get();
  throw Error(key, "is no setting");
}

}  // namespace

ModelFacts factsOf(const std::string& name) {
  Config config = resolve(Task::kFinetune, {{"model.name", name, "model"}});
  config.model.classes = kImageNetClasses;
  return {name, wordOf(config, "model.encoder"), config.model, countParameters(config.model),
          multiplyAdds(planOf(config.model), kImageNetClasses)};
}

std::vector<ModelFacts> allModelFacts() {
  std::vector<ModelFacts> all;
  for (const std::string& name : modelNames()) all.push_back(factsOf(name));
  return all;
}

}  // namespace cv::mixmim
