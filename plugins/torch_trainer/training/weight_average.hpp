#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "network/weights.hpp"

namespace cv::mixmim {

/// A running average of the trainable weights: after every step that was not skipped average = decay *
/// average + (1 - decay) * weight. Evaluation uses it and a checkpoint stores it as its weights; the weights
/// as trained go with the optimizer's state.
class WeightAverage {
 public:
  /// The weights must outlive it.
  WeightAverage(const Weights& weights, double decay);

  /// `skip`: float scalar on the device; where it is 1 nothing changes.
  void update(const at::Tensor& skip);
  void restart();  ///< averages = weights, after these were loaded

  /// A guard: while it lives, the model computes with the averages.
  class InPlace {
   public:
    explicit InPlace(WeightAverage* average) : average_(average) { exchange(); }
    ~InPlace() { exchange(); }
    InPlace(const InPlace&) = delete;
    InPlace& operator=(const InPlace&) = delete;

   private:
    void exchange();
    WeightAverage* average_;
  };

  /// Moves the weights into `optimizer` as "<name>.trained", the averages into `weights`; and back.
  void exportTo(TensorMap& weights, TensorMap& optimizer) const;
  void importFrom(const TensorMap& weights, const TensorMap& optimizer);

 private:
  const Weights& weights_;
  double decay_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> trained_;   ///< the model's own
  std::vector<at::Tensor> averages_;  ///< in the same order
};

}  // namespace cv::mixmim
