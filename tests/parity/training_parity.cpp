#include "tests/parity/training_parity.hpp"

#include <cmath>

#include "training/schedule.hpp"

namespace cv::mixmim::parity {

namespace {

/// The middle third of a qkv bias is the bias of the keys, whose true gradient is zero: only rounding noise
/// moves it.
at::Tensor withoutKeyBias(const std::string& name, const at::Tensor& tensor) {
  const std::string end = "attn.qkv.bias";
  if (name.size() < end.size() || name.compare(name.size() - end.size(), end.size(), end) != 0) return tensor;
  const std::vector<at::Tensor> thirds = tensor.chunk(3);
  return at::cat({thirds[0], thirds[2]});
}

double lengthOf(const at::Tensor& tensor) {
  return tensor.to(at::kDouble).norm().item<double>();
}

void checkRules(const Golden& golden, const Config& config, Report& report) {
  Quantity quantity(report, golden.name + " weight decay and learning rate scale");
  const bool groups = golden.text.contains("parameter_groups");
  const json::object& wanted = golden.at(groups ? "parameter_groups" : "weight_decay").as_object();
  constexpr double kTolerance = 1e-12;
  for (const Parameter& parameter : parameters(config.model, config.run.task)) {
    if (!parameter.trainable()) continue;
    const UpdateRule rule = updateRule({parameter.name, parameter.shape}, config);
    const json::value& entry = wanted.at(parameter.name);
    const double decay = (groups ? entry.at("weight_decay") : entry).to_number<double>();
    quantity.add(parameter.name + " decay", rule.weightDecay, decay, kTolerance, 1);
    if (groups)
      quantity.addRelative(parameter.name + " lr_scale", rule.lrScale,
                           entry.at("lr_scale").to_number<double>(), kTolerance);
  }
}

void checkChanges(const Golden& golden, const Weights& weights,
                  const std::map<std::string, at::Tensor>& before, Report& report) {
  Quantity change(report, golden.name + " change of the parameters");
  for (const auto& item : golden.at("training").at("final_parameters").as_object()) {
    const std::string name(item.key());
    const json::object& wanted = item.value().as_object();
    if (wanted.at("float32_noise").to_number<double>() >= kNoisyAbove) continue;
    change.addRelative(name, lengthOf(withoutKeyBias(name, weights.at(name).detach() - before.at(name))),
                       wanted.at("change_l2").to_number<double>(), kChangeTolerance);
  }
}

/// After loss.backward().
void checkGradients(const Golden& golden, const Weights& weights, Report& report) {
  Quantity lengths(report, golden.name + " gradients, length"),
      samples(report, golden.name + " gradients, samples");
  for (const auto& item : golden.at("gradients").as_object()) {
    const std::string name(item.key());
    const json::object& wanted = item.value().as_object();
    const at::Tensor gradient = weights.at(name).grad().contiguous().flatten();
    lengths.addRelative(name, lengthOf(gradient), wanted.at("l2").to_number<double>(), kGradientTolerance);
    const double largest = wanted.at("max_abs").to_number<double>();
    for (const json::value& sample : wanted.at("samples").as_array()) {
      const auto index = sample.at(0).to_number<int64_t>();
      samples.add(name + cv::format("[%ld]", static_cast<long>(index)), gradient[index].item<double>(),
                  sample.at(1).to_number<double>(), kGradientTolerance * largest, largest);
    }
  }
}

}  // namespace

OptimConfig hyperParameters(const Golden& golden) {
  const json::object& wanted = golden.at("training").at("hyper_parameters").as_object();
  const auto number = [&](const char* key) { return wanted.at(key).to_number<double>(); };
  OptimConfig optim;
  optim.epochs = number("epochs");
  optim.warmupEpochs = number("warmup_epochs");
  optim.lr = number("lr");
  optim.minLr = number("min_lr");
  optim.weightDecay = number("weight_decay");
  optim.eps = number("eps");
  optim.beta1 = wanted.at("betas").at(0).to_number<double>();
  optim.beta2 = wanted.at("betas").at(1).to_number<double>();
  if (wanted.contains("layer_decay")) optim.layerDecay = number("layer_decay");
  return optim;
}

void checkTrainedSamples(const Golden& golden, const std::string& about, const Weights& weights,
                         const std::map<std::string, at::Tensor>& before, Report& report) {
  Quantity samples(report, about + " trained parameters");
  for (const auto& item : golden.at("training").at("final_parameters").as_object()) {
    const std::string name(item.key());
    const at::Tensor after = weights.at(name).detach();
    // A parameter moves by at most about the learning rate per step, so its change is a scale for its
    // differences.
    const double largest = after.abs().max().item<double>();
    for (const json::value& sample : item.value().at("samples").as_array()) {
      const auto index = sample.at(0).to_number<int64_t>();
      samples.add(name + cv::format("[%ld]", static_cast<long>(index)), after.flatten()[index].item<double>(),
                  sample.at(1).to_number<double>(),
                  kActivationTolerance + kActivationTolerance * largest +
                      kChangeTolerance * std::abs(after.flatten()[index].item<double>() -
                                                  before.at(name).flatten()[index].item<double>()),
                  largest);
    }
  }
}

void checkWeights(const Golden& golden, const Config& config, const Weights& weights, Report& report) {
  int64_t total = 0;
  for (const Parameter& parameter : weights.list()) total += weights.at(parameter.name).numel();
  {
    Quantity quantity(report, golden.name + " number of parameters");
    quantity.addExact("total", static_cast<double>(total), golden.number("parameters_total"));
    if (golden.text.contains("parameters_trainable")) {
      int64_t trainable = 0;
      for (const Parameter& parameter : parameters(config.model, config.run.task))
        if (parameter.trainable()) trainable += weights.at(parameter.name).numel();
      quantity.addExact("trainable", static_cast<double>(trainable), golden.number("parameters_trainable"));
    }
  }
  if (!golden.text.contains("weight_checks")) return;
  Quantity quantity(report, golden.name + " weights before training");
  for (const auto& item : golden.at("weight_checks").as_object())
    compareDescription(quantity, item.key(), weights.at(item.key()), item.value());
}

void checkSteps(const Golden& golden, const std::string& about, const OptimConfig& optim, AdamW& optimizer,
                size_t first, const std::function<at::Tensor(int step)>& lossOf, Report& report) {
  const json::object& wanted = golden.at("training").as_object();
  const int perEpoch = wanted.at("hyper_parameters").at("iters_per_epoch").to_number<int>();
  const std::vector<double> rates = numbersOf(wanted.at("lr")), losses = numbersOf(wanted.at("loss")),
                            norms = numbersOf(wanted.at("grad_norm"));
  const at::Tensor never = at::zeros({}, at::kFloat);
  Quantity rate(report, about + " training, learning rate"), loss(report, about + " training, loss"),
      norm(report, about + " training, gradient norm");
  for (size_t step = first; step < losses.size(); ++step) {
    const std::string where = cv::format("step %zu", step);
    const double lr = learningRate(optim, golden.batch(), static_cast<double>(step) / perEpoch);
    constexpr double kRateTolerance = 1e-12;
    rate.add(where, lr, rates.at(step), kRateTolerance, std::abs(rates.at(step)));
    optimizer.dropGradients();
    const at::Tensor value = lossOf(static_cast<int>(step));
    value.backward();
    loss.addRelative(where, value.item<double>(), losses[step], kTrainingLossTolerance);
    norm.addRelative(where, optimizer.gradientNorm().item<double>(), norms.at(step), kGradientNormTolerance);
    optimizer.step(lr, never);
  }
}

namespace {

void checkTraining(const Golden& golden, Config config, const Weights& weights,
                   const std::function<at::Tensor(int step)>& lossOf, Report& report) {
  config.optim = hyperParameters(golden);
  checkRules(golden, config, report);
  std::map<std::string, at::Tensor> before;
  for (const Parameter& parameter : weights.list())
    before[parameter.name] = weights.at(parameter.name).detach().clone();
  AdamW optimizer(weights, config);
  checkSteps(golden, golden.name, config.optim, optimizer, 0, lossOf, report);
  checkChanges(golden, weights, before, report);
  checkTrainedSamples(golden, golden.name, weights, before, report);
}

}  // namespace

void checkLearning(const Golden& golden, const Config& config, const Weights& weights,
                   const std::function<at::Tensor(int step)>& lossOf, Report& report) {
  const at::Tensor loss = lossOf(0);
  loss.backward();
  {
    Quantity quantity(report, golden.name + " loss");
    quantity.addRelative("step 0", loss.item<double>(), golden.number("loss"), kLossTolerance);
  }
  checkGradients(golden, weights, report);
  checkTraining(golden, config, weights, lossOf, report);
}

}  // namespace cv::mixmim::parity
