#include "training/weight_average.hpp"

namespace cv::mixmim {

WeightAverage::WeightAverage(const Weights& weights, double decay) : weights_(weights), decay_(decay) {
  for (const Parameter& parameter : weights.list()) {
    if (!parameter.trainable) continue;
    names_.push_back(parameter.name);
    trained_.push_back(weights.at(parameter.name));
    averages_.push_back(trained_.back().detach().clone());
  }
}

void WeightAverage::update(const at::Tensor& skip) {
  const at::NoGradGuard noGrad;
  const std::vector<at::Tensor> shares(averages_.size(), (1 - skip) * (1 - decay_));
  at::_foreach_lerp_(averages_, trained_, shares);
}

void WeightAverage::restart() {
  const at::NoGradGuard noGrad;
  at::_foreach_copy_(averages_, trained_);
}

void WeightAverage::InPlace::exchange() {
  if (!average_) return;
  for (size_t i = 0; i < average_->names_.size(); ++i) {
    const at::Tensor held = average_->trained_[i].detach();
    average_->trained_[i].set_data(average_->averages_[i]);
    average_->averages_[i] = held;
  }
  average_->weights_.refreshRounded();
}

void WeightAverage::exportTo(TensorMap& weights, TensorMap& optimizer) const {
  for (size_t i = 0; i < names_.size(); ++i) {
    optimizer.emplace(names_[i] + ".trained", weights.at(names_[i]));
    weights.at(names_[i]) = toBorder(averages_[i]);
  }
}

void WeightAverage::importFrom(const TensorMap& weights, const TensorMap& optimizer) {
  for (size_t i = 0; i < names_.size(); ++i) {
    copyEntry(averages_[i], weights, names_[i]);
    copyEntry(trained_[i], optimizer, names_[i] + ".trained");
  }
  weights_.refreshRounded();
}

}  // namespace cv::mixmim
