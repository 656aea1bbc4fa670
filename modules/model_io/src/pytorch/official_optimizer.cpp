#include "pytorch/official_optimizer.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "files/foreign_numbers.hpp"
#include "model/parameters.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kMoments[] = {"exp_avg", "exp_avg_sq"};

/// "step" of one parameter: a number, or since PyTorch 1.12 a tensor of one number.
std::optional<int64_t> stepOf(const PthFile& file, PthValue entry) {
  if (const auto* number = find<int64_t>(entry, "step")) return *number;
  const auto* tensor = find<PthTensor>(entry, "step");
  if (!tensor || !tensor->shape.empty()) return std::nullopt;
  const Tensor value = toFloat(file.tensor(*tensor));
  constexpr double kMost = 1e15;
  if (value.dtype != DType::kF32 || !(std::abs(*value.as<float>()) < kMost)) return std::nullopt;
  return static_cast<int64_t>(*value.as<float>());
}

[[noreturn]] void failCount(const std::string& where, const std::string& of, size_t expected, size_t got) {
  throw Error(where, fmt::format("expected {} {} in the optimizer, got {}", expected, of, got),
              "start from its weights with --init");
}

/// The numbers of the groups' parameters, one group behind the other.
std::vector<int64_t> numbersOf(PthValue optimizer, const std::vector<std::vector<Parameter>>& groups,
                               const std::string& where) {
  const auto* list = find<PthList>(optimizer, "param_groups");
  if (!list) throw Error(where, "expected a list param_groups in the optimizer");
  if (list->items.size() != groups.size()) failCount(where, "groups", groups.size(), list->items.size());
  std::vector<int64_t> numbers;
  for (size_t g = 0; g < groups.size(); ++g) {
    const auto* params = find<PthList>(list->items[g], "params");
    const size_t count = params ? params->items.size() : 0;
    if (count != groups[g].size())
      failCount(where, fmt::format("parameters of group {}", g), groups[g].size(), count);
    for (const PthValue item : params->items) {
      if (!item->as<int64_t>()) throw Error(where, "expected numbers in params, got " + describe(item));
      numbers.push_back(*item->as<int64_t>());
    }
  }
  return numbers;
}

std::map<int64_t, PthValue> entriesOf(PthValue optimizer, const std::string& where) {
  const auto* state = find<PthDict>(optimizer, "state");
  if (!state) throw Error(where, "expected a dictionary state in the optimizer");
  std::map<int64_t, PthValue> entries;
  for (const auto& [key, value] : state->items)
    if (const auto* number = key->as<int64_t>()) entries[*number] = value;
  return entries;
}

/// Adds the moments of one parameter. `used`: no two may be the same tensor of the file.
void addMoments(const PthFile& file, PthValue entry, const Parameter& parameter,
                std::set<const PthTensor*>& used, TensorMap& state) {
  for (const char* moment : kMoments) {
    const auto* tensor = find<PthTensor>(entry, moment);
    if (!tensor || tensor->shape != parameter.shape || !used.insert(tensor).second)
      throw Error(file.where(),
                  fmt::format("expected {} of {} in the optimizer, of shape [{}], got another tensor or none",
                              moment, parameter.name, fmt::join(parameter.shape, ", ")));
    state[fmt::format("{}.{}", parameter.name, moment)] = toFloat(file.tensor(*tensor));
  }
}

}  // namespace

TensorMap readOfficialOptimizer(const PthFile& file, PthValue optimizer,
                                const std::vector<Parameter>& parameters, const Config& config) {
  const auto groups = optimizerGroups(parameters, config);
  const std::vector<int64_t> numbers = numbersOf(optimizer, groups, file.where());
  const auto entries = entriesOf(optimizer, file.where());
  TensorMap state;
  std::set<const PthTensor*> used;
  std::optional<int64_t> steps;
  auto number = numbers.begin();
  for (const auto& group : groups) {
    for (const Parameter& parameter : group) {
      const auto entry = entries.find(*number++);
      const PthValue value = entry == entries.end() ? nullptr : entry->second;
      addMoments(file, value, parameter, used, state);
      const std::optional<int64_t> step = stepOf(file, value);
      if (!step || (steps && *steps != *step))
        throw Error(file.where(),
                    fmt::format("expected the same number of steps for every parameter, got {} for {}",
                                step ? std::to_string(*step) : "none", parameter.name));
      steps = step;
    }
  }
  state["step"] = Tensor::zeros({}, DType::kI64);
  *state["step"].as<int64_t>() = steps.value_or(0);
  return state;
}

int64_t officialSteps(const PthFile& file, PthValue optimizer) {
  const auto* state = find<PthDict>(optimizer, "state");
  return state && !state->items.empty() ? stepOf(file, state->items.front().second).value_or(0) : 0;
}

namespace {

/// {"step": ..., "exp_avg": ..., "exp_avg_sq": ...} of one parameter.
void writeMoments(PthWriter& file, const TensorMap& state, const std::string& name) {
  Tensor step = Tensor::zeros({});
  *step.as<float>() = static_cast<float>(*state.at("step").as<int64_t>());
  file.beginDict();
  file.text("step");
  file.tensor(step);
  for (const char* moment : kMoments) {
    const auto found = state.find(fmt::format("{}.{}", name, moment));
    if (found == state.end()) throw Error("optimizer state", fmt::format("expected {} of {}", moment, name));
    file.text(moment);
    file.tensor(found->second);
  }
  file.end();
}

void writeGroup(PthWriter& file, const Config& config, const std::vector<Parameter>& group, int64_t first) {
  const OptimConfig& optim = config.optim;
  const bool finetune = config.run.task == Task::kFinetune;
  const UpdateRule rule = updateRule(group.front(), config);
  const auto real = [&](const char* key, double value) { file.text(key), file.real(value); };
  const auto truth = [&](const char* key, bool value) { file.text(key), file.truth(value); };
  file.beginDict();
  real("lr", peakRate(optim, config.data.batch * optim.accumulate) * rule.lrScale);
  if (finetune) real("lr_scale", rule.lrScale);
  file.text("betas");
  file.beginTuple();
  file.real(optim.beta1);
  file.real(optim.beta2);
  file.end();
  real("eps", optim.eps);
  real("weight_decay", rule.weightDecay);
  truth("amsgrad", false), truth("maximize", false), truth("capturable", false),
      truth("differentiable", false);
  for (const char* key : {"foreach", "fused"}) file.text(key), file.none();
  file.text("params");
  file.beginList();
  for (size_t i = 0; i < group.size(); ++i) file.integer(first + static_cast<int64_t>(i));
  file.end();
  file.end();
}

}  // namespace

void writeOfficialOptimizer(PthWriter& file, const TensorMap& state, const Config& config) {
  std::vector<Parameter> trainable;
  for (const Parameter& parameter : parameters(config.model, config.run.task))
    if (parameter.trainable) trainable.push_back(parameter);
  const auto groups = optimizerGroups(trainable, config);
  if (config.optim.ema > 0)
    throw Error("optim.ema", "the weights are running averages, the optimizer's state is not about them",
                "export without --optimizer");
  if (state.count("step") == 0) throw Error("optimizer state", "expected an entry step");
  int64_t number = 0;
  file.beginDict();
  file.text("state");
  file.beginDict();
  for (const auto& group : groups)
    for (const Parameter& parameter : group)
      file.integer(number++), writeMoments(file, state, parameter.name);
  file.end();
  number = 0;
  file.text("param_groups");
  file.beginList();
  for (const auto& group : groups) {
    writeGroup(file, config, group, number);
    number += static_cast<int64_t>(group.size());
  }
  file.end();
  file.end();
}

}  // namespace cv::mixmim
