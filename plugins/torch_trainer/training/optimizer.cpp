#include "training/optimizer.hpp"

#include <algorithm>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

AdamW::AdamW(const Weights& weights, const Config& config) : weights_(weights), optim_(config.optim) {
  for (const Parameter& parameter : weights.list()) {
    if (!parameter.trainable) continue;
    const UpdateRule rule = updateRule(parameter, config);
    const auto sameRule = [&](const Group& group) {
      return group.rule.lrScale == rule.lrScale && group.rule.weightDecay == rule.weightDecay;
    };
    auto group = std::find_if(groups_.begin(), groups_.end(), sameRule);
    if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{rule, {}, {}, {}, {}, {}});
    const at::Tensor& tensor = weights.at(parameter.name);
    if (!step_.defined()) step_ = at::zeros({}, tensor.options().requires_grad(false));
    group->names.push_back(parameter.name);
    group->parameters.push_back(tensor);
    group->means.push_back(at::zeros_like(tensor).detach());
    group->squares.push_back(at::zeros_like(tensor).detach());
    group->steps.push_back(step_);
  }
}

void AdamW::dropGradients() {
  for (Group& group : groups_)
    for (at::Tensor& parameter : group.parameters) parameter.mutable_grad().reset();
}

std::vector<at::Tensor> AdamW::gradients() const {
  std::vector<at::Tensor> all;
  for (const Group& group : groups_)
    for (const at::Tensor& parameter : group.parameters) all.push_back(parameter.grad());
  return all;
}

at::Tensor AdamW::gradientNorm() const {
  const at::NoGradGuard noGrad;
  return at::stack(at::_foreach_norm(gradients(), 2)).norm();
}

void AdamW::scaleGradients(const at::Tensor& factor) {
  const at::NoGradGuard noGrad;
  const std::vector<at::Tensor> all = gradients();
  at::_foreach_mul_(all, factor);
}

void AdamW::step(double lr, const at::Tensor& skip) {
  const at::NoGradGuard noGrad;
  step_.add_(1 - skip);
  for (Group& group : groups_) {
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : group.parameters) gradients.push_back(parameter.grad());
    at::_fused_adamw_(group.parameters, gradients, group.means, group.squares, /*max_exp_avg_sqs=*/{},
                      group.steps, lr * group.rule.lrScale, optim_.beta1, optim_.beta2,
                      group.rule.weightDecay, optim_.eps,
                      /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{}, /*found_inf=*/skip);
  }
  weights_.refreshRounded();
}

TensorMap AdamW::state() const {
  TensorMap state;
  for (const Group& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      state.emplace(group.names[i] + ".exp_avg", toBorder(group.means[i]));
      state.emplace(group.names[i] + ".exp_avg_sq", toBorder(group.squares[i]));
    }
  }
  Tensor step = Tensor::zeros({}, DType::kI64);
  *step.as<int64_t>() = static_cast<int64_t>(step_.item<float>());
  state.emplace("step", step);
  return state;
}

void AdamW::restore(const TensorMap& state) {
  const at::NoGradGuard noGrad;
  for (const Group& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      copyEntry(group.means[i], state, group.names[i] + ".exp_avg");
      copyEntry(group.squares[i], state, group.names[i] + ".exp_avg_sq");
    }
  }
  const auto step = state.find("step");
  if (step == state.end() || step->second.dtype != DType::kI64)
    throw Error("optimizer state", "expected an entry step");
  step_.fill_(static_cast<double>(*step->second.as<int64_t>()));
}

}  // namespace cv::mixmim
