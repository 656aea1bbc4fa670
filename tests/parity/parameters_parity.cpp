#include "tests/parity/parameters_parity.hpp"

#include <cmath>
#include <set>

#include "model/parameter_groups.hpp"
#include "opencv2/mixmim/text.hpp"
#include "tests/parity/compare.hpp"

namespace cv::mixmim::parity {

namespace {

/// The middle third of a qkv bias, and the first half of a kv bias, is the bias of the keys, whose true
/// gradient is zero: only rounding noise moves it.
at::Tensor withoutKeyBias(const std::string& name, const at::Tensor& tensor) {
  if (endsWith(name, "attn.kv.bias")) return tensor.chunk(2)[1];
  if (!endsWith(name, "attn.qkv.bias")) return tensor;
  const std::vector<at::Tensor> thirds = tensor.chunk(3);
  return at::cat({thirds[0], thirds[2]});
}

double lengthOf(const at::Tensor& tensor) {
  return tensor.to(at::kDouble).norm().item<double>();
}

/// Calls `compare(parameter, entry)` for every parameter that both the model and the file's list have, and
/// tells `quantity` what only one of them has.
template <class Compare>
void eachParameter(Quantity& quantity, const std::vector<Parameter>& ours, const json::object& wanted,
                   const Compare& compare) {
  std::set<std::string> known;
  for (const Parameter& parameter : ours) {
    known.insert(parameter.name);
    const json::value* entry = wanted.if_contains(parameter.name);
    entry ? compare(parameter, *entry) : quantity.lacks(parameter.name);
  }
  for (const auto& item : wanted)
    if (known.count(item.key()) == 0) quantity.unknown(item.key());
}

std::vector<Parameter> trainableOf(const Weights& weights) {
  std::vector<Parameter> trainable;
  for (const Parameter& parameter : weights.list())
    if (parameter.trainable) trainable.push_back(parameter);
  return trainable;
}

/// Parameters after the training.
const json::object& finalParameters(const Golden& golden) {
  return golden.object(golden.find("final_parameters") ? "final_parameters" : "training.final_parameters");
}

void compareGradient(Quantity& lengths, Quantity& samples, const std::string& name,
                     const at::Tensor& gradient, const json::value& wanted) {
  lengths.addRelative(name, lengthOf(withoutKeyBias(name, gradient)), numberIn(wanted, "l2"),
                      lengths.tolerances().gradient);
  const std::optional<double> largest = numberIn(wanted, "max_abs");
  const json::value* entries = wanted.as_object().if_contains("samples");
  if (!largest || !entries) return samples.lacks(name);
  for (const json::value& sample : entries->as_array()) {
    const auto index = sample.at(0).to_number<int64_t>();
    samples.add(name + cv::format("[%ld]", static_cast<long>(index)), gradient[index].item<double>(),
                sample.at(1).to_number<double>(), samples.tolerances().gradient * *largest, *largest);
  }
}

}  // namespace

std::map<std::string, at::Tensor> valuesOf(const Weights& weights) {
  std::map<std::string, at::Tensor> values;
  for (const Parameter& parameter : weights.list())
    values[parameter.name] = weights.at(parameter.name).detach().clone();
  return values;
}

void checkWeights(const Golden& golden, const Config& config, const Weights& weights, Report& report) {
  const auto elements = [&](const std::vector<Parameter>& list) {
    int64_t sum = 0;
    for (const Parameter& parameter : list) sum += weights.at(parameter.name).numel();
    return static_cast<double>(sum);
  };
  {
    Quantity quantity(report, golden.name + " number of parameters");
    quantity.addExact("parameters_total", elements(weights.list()), golden.numberIf("parameters_total"));
    quantity.addExact("parameters_trainable", elements(trainableOf(weights)),
                      golden.numberIf("parameters_trainable"));
  }
  report.part(golden.name + " weights before training", [&] {
    const json::object& wanted = golden.object("weight_checks");
    Quantity quantity(report, golden.name + " weights before training");
    eachParameter(quantity, parameters(config.model, config.run.task), wanted,
                  [&](const Parameter& parameter, const json::value& entry) {
                    compareDescription(quantity, parameter.name, weights.at(parameter.name), entry);
                  });
  });
}

void checkGradients(const Golden& golden, const Weights& weights, Report& report) {
  const json::object& wanted = golden.object("gradients");
  Quantity lengths(report, golden.name + " gradients, length"),
      samples(report, golden.name + " gradients, samples");
  eachParameter(lengths, trainableOf(weights), wanted,
                [&](const Parameter& parameter, const json::value& entry) {
                  const at::Tensor gradient = weights.at(parameter.name).grad().cpu().contiguous().flatten();
                  compareGradient(lengths, samples, parameter.name, gradient, entry);
                });
}

void checkRules(const Golden& golden, const Config& config, const Weights& weights, Report& report) {
  const bool groups = config.run.task == Task::kFinetune;
  const json::object& wanted = golden.object(groups ? "parameter_groups" : "weight_decay");
  Quantity quantity(report, golden.name + " weight decay and learning rate scale");
  constexpr double kTolerance = 1e-12;
  eachParameter(
      quantity, trainableOf(weights), wanted, [&](const Parameter& parameter, const json::value& entry) {
        const UpdateRule rule = updateRule(parameter, config);
        quantity.add(parameter.name + " decay", rule.weightDecay,
                     groups ? numberIn(entry, "weight_decay") : entry.to_number<double>(), kTolerance, 1);
        if (!groups) return;
        quantity.addRelative(parameter.name + " lr_scale", rule.lrScale, numberIn(entry, "lr_scale"),
                             kTolerance);
        if (const auto layer = numberIn(entry, "layer_id"))
          quantity.addExact(parameter.name + " layer_id", parameter.layer, layer);
      });
}

void checkChanges(const Golden& golden, const Weights& weights,
                  const std::map<std::string, at::Tensor>& before, Report& report) {
  const json::object& wanted = finalParameters(golden);
  Quantity change(report, golden.name + " change of the parameters");
  eachParameter(
      change, trainableOf(weights), wanted, [&](const Parameter& parameter, const json::value& entry) {
        const std::string& name = parameter.name;
        const std::optional<double> noise = numberIn(entry, "float32_noise");
        if (!noise) return change.lacks(name + " float32_noise");
        if (*noise >= kNoisyAbove) return;
        change.addRelative(name, lengthOf(withoutKeyBias(name, weights.at(name).detach() - before.at(name))),
                           numberIn(entry, "change_l2"), change.tolerances().change);
      });
}

void checkTrainedSamples(const Golden& golden, const std::string& about, const Weights& weights,
                         const std::map<std::string, at::Tensor>& before, Report& report) {
  const json::object& wanted = finalParameters(golden);
  Quantity quantity(report, about + " trained parameters");
  const Tolerances& allowed = quantity.tolerances();
  eachParameter(
      quantity, trainableOf(weights), wanted, [&](const Parameter& parameter, const json::value& entry) {
        const std::string& name = parameter.name;
        const json::value* samples = entry.as_object().if_contains("samples");
        if (!samples) return quantity.lacks(name);
        const at::Tensor after = weights.at(name).detach().flatten().cpu(),
                         start = before.at(name).flatten().cpu();
        // A parameter moves by at most about the learning rate per step, so its change is a scale for its
        // differences.
        const double largest = after.abs().max().item<double>();
        for (const json::value& sample : samples->as_array()) {
          const auto index = sample.at(0).to_number<int64_t>();
          const double got = after[index].item<double>(), change = got - start[index].item<double>();
          quantity.add(name + cv::format("[%ld]", static_cast<long>(index)), got,
                       sample.at(1).to_number<double>(),
                       allowed.activation * (1 + largest) + allowed.change * std::abs(change), largest);
        }
      });
}

}  // namespace cv::mixmim::parity
