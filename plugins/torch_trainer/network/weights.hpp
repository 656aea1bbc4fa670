// The trainable tensors of a model by official name. Built from the list in model/parameters.hpp; layers
// hold handles to them, the optimiser walks them, checkpoints are written from them.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "model/parameters.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {

/// A view of a tensor's memory as the border's array type; on a device, a copy.
Tensor toBorder(const at::Tensor& tensor);

/// Copies an entry of an optimizer's state; Error where it is missing or has another shape or type.
void copyEntry(const at::Tensor& target, const TensorMap& from, const std::string& name);

class Weights {
 public:
  /// Initial values (see initialValue) on `device`; trainable ones require gradients.
  /// `compute`: the type layers multiply in; the weights themselves are float32. `headOnly`: no parameter is
  /// trainable but the classifier's head.
  Weights(const ModelConfig& model, Task task, uint64_t seed, at::Device device,
          at::ScalarType compute = at::kFloat, bool headOnly = false);

  const at::Tensor& at(const std::string& name) const;  ///< Error for a name the model does not have
  const std::vector<Parameter>& list() const { return list_; }
  at::ScalarType compute() const { return compute_; }

  /// A copy of a parameter in the type of products, kept for all passes of a step, because to round it in
  /// each would take longer than to read it. Undefined where that is the parameter's own type. In const
  /// objects too, because it follows the parameter. Not for autograd.
  at::Tensor rounded(const std::string& name) const;
  /// Makes the copies follow parameters that were changed by others than this class.
  void refreshRounded() const;

  TensorMap toMap() const;
  /// Copies values; names and shapes must match exactly, else Error naming all differences.
  void assign(const TensorMap& values);
  /// Weights of a related model: equal shapes are copied, position embeddings and bias tables are
  /// interpolated, the classifier head is redrawn. See recipes in docs/training.md.
  LoadReport initialise(const TensorMap& values, uint64_t seed);

 private:
  void copyInto(const std::string& name, const Tensor& value);

  std::vector<Parameter> list_;
  at::ScalarType compute_;
  mutable std::vector<at::Tensor> originals_, copies_;  ///< of rounded(), in the same order
  std::unordered_map<std::string, at::Tensor> tensors_;
};

}  // namespace cv::mixmim
