#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "model/parameter_groups.hpp"
#include "network/weights.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// AdamW with decoupled weight decay, one fused call per group of equal rules. The weights must outlive it.
class AdamW {
 public:
  AdamW(const Weights& weights, const Config& config);

  void dropGradients();
  /// Norm over the norms of all gradients (float32, as the reference computes it): a scalar on the device.
  at::Tensor gradientNorm() const;
  void scaleGradients(const at::Tensor& factor);
  /// One update at the given rate. `skip`: float scalar on the device; where it is 1 nothing changes, moments
  /// included.
  void step(double lr, const at::Tensor& skip);

  /// "<name>.exp_avg", "<name>.exp_avg_sq", "step".
  TensorMap state() const;
  void restore(const TensorMap& state);

 private:
  struct Group {
    UpdateRule rule;
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters, means, squares, steps;
  };

  std::vector<at::Tensor> gradients() const;

  const Weights& weights_;
  OptimConfig optim_;
  std::vector<Group> groups_;
  at::Tensor step_;  // float scalar, shared by all entries of all `steps`
};

}  // namespace cv::mixmim
