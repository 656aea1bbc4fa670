// Training goes on from a file of the published program.
#include "model_io/open_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/parity/compare.hpp"
#include "tests/parity/parameters_parity.hpp"
#include "tests/parity/parity.hpp"
#include "tests/parity/pretraining.hpp"
#include "tests/parity/training_parity.hpp"

namespace cv::mixmim::parity {

namespace {

/// Moments are tiny: what was stored must come back to the last digit that the description has.
void compareMoment(Quantity& quantity, const std::string& where, const at::Tensor& got,
                   const json::value& wanted) {
  constexpr double kPrinted = 1e-12;
  for (const json::value& sample : wanted.at("samples").as_array()) {
    const auto index = sample.at(0).to_number<int64_t>();
    quantity.addRelative(where, got.flatten()[index].item<double>(), sample.at(1).to_number<double>(),
                         kPrinted);
  }
  const double sum = got.to(at::kDouble).abs().sum().item<double>();
  quantity.addRelative(where + " abs_sum", sum, numberIn(wanted, "abs_sum"), kPrinted);
}

/// A tensor that the file must have: of a name that is no parameter, an index buffer, which we derive.
at::Tensor storedTensor(const TensorMap& weights, const std::string& name, const Plan& plan) {
  const auto found = weights.find(name);
  if (found != weights.end()) return toTorch(found->second);
  int stage = 0;
  if (name.find("relative_position_index") == std::string::npos ||
      std::sscanf(name.c_str(), "layers.%d.", &stage) != 1)
    throw Error("checkpoint", "expected a tensor " + name);
  const cv::Mat index =
      relativePositionIndex(plan.stages.at(static_cast<size_t>(stage)).blocks.front().window);
  return at::from_blob(index.data, {index.rows, index.cols}, at::kInt).clone();
}

void checkStoredWeights(const Golden& golden, const TrainerState& state, const Plan& plan,
                        const std::string& about, Report& report) {
  const json::object& wanted = golden.object("checkpoint_model");
  Quantity quantity(report, about + " weights");
  for (const auto& item : wanted)
    compareDescription(quantity, item.key(), storedTensor(state.weights, item.key(), plan), item.value());
}

void checkMoments(const Golden& golden, const TrainerState& state, const std::string& about, Report& report) {
  const json::object& wanted = golden.object("checkpoint_optimizer_state");
  Quantity quantity(report, about + " optimizer state");
  for (const auto& item : wanted) {
    const std::string name(item.key());
    for (const char* moment : {"exp_avg", "exp_avg_sq"}) {
      const std::string key = name + "." + moment;
      compareMoment(quantity, key, toTorch(state.optimizer.at(key)), item.value().at(moment));
    }
    quantity.addExact(name + " steps", static_cast<double>(*state.optimizer.at("step").as<int64_t>()),
                      numberIn(item.value(), "step"));
  }
}

void checkFurtherSteps(const Golden& golden, Config config, const TrainerState& state,
                       const std::string& about, Report& report) {
  config.optim = hyperParameters(golden);
  Pretraining model(golden, config);  // with the weights before training
  const std::map<std::string, at::Tensor> before = valuesOf(model.weights);
  model.weights.assign(state.weights);
  AdamW optimizer(model.weights, config);
  optimizer.restore(state.optimizer);
  const auto done = static_cast<size_t>(*state.optimizer.at("step").as<int64_t>());
  checkSteps(
      golden, about, config.optim, optimizer, done, [&](int step) { return model.loss(step); }, report);
  checkTrainedSamples(golden, about, model.weights, before, report);
}

}  // namespace

void checkResuming(const Golden& golden, const std::string& path, Report& report) {
  const std::string about = "resume " + golden.name.substr(0, golden.name.rfind('_'));
  const Config config = configOf(golden, Task::kPretrain, report);
  checkConfig(golden, config, report);
  const TrainerState state = readTrainerState(path);
  report.part(about + " weights",
              [&] { checkStoredWeights(golden, state, planOf(config.model), about, report); });
  report.part(about + " optimizer state", [&] { checkMoments(golden, state, about, report); });
  report.part(about + " training", [&] { checkFurtherSteps(golden, config, state, about, report); });
}

}  // namespace cv::mixmim::parity
