#include "network/layers.hpp"

#include "compute/device.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

Linear::Linear(const Weights& weights, const std::string& name, bool hasBias)
    : weight(weights.at(name + ".weight")), compute(weights.compute()) {
  rounded.weight = weights.rounded(name + ".weight");
  if (!hasBias) return;
  bias = weights.at(name + ".bias");
  rounded.bias = weights.rounded(name + ".bias");
}

LayerNorm::LayerNorm(const Weights& weights, const std::string& name, double epsilon)
    : weight(weights.at(name + ".weight")), bias(weights.at(name + ".bias")), eps(epsilon) {}

at::Tensor Residual::normalised(const LayerNorm& norm) {
  Normalised both = norm.afterAdding(sum_, branch_);
  sum_ = std::move(both.sum);
  branch_.reset();
  return std::move(both.out);
}

const at::Tensor& Residual::value() {
  if (branch_.defined()) sum_ = sum_ + branch_;
  branch_.reset();
  return sum_;
}

at::Tensor DropPath::operator()(const at::Tensor& branch, double rate) {
  const uint32_t id = branch_++;
  if (rate == 0) return branch;
  Rng rng(seed_, static_cast<uint64_t>(step_), id, Purpose::kDropPath);
  std::vector<float> factors(static_cast<size_t>(branch.size(0)));
  for (float& factor : factors) factor = rng.uniform() < rate ? 0.f : static_cast<float>(1 / (1 - rate));
  std::vector<int64_t> shape(static_cast<size_t>(branch.dim()), 1);
  shape[0] = branch.size(0);
  return branch * toDevice(at::tensor(factors, at::kFloat).reshape(shape), branch.device());
}

}  // namespace cv::mixmim
