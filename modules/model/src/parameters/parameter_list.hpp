// The list of a model's parameters while it is written: encoders and heads add to it, layer by layer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/parameters.hpp"
#include "model/plan.hpp"

namespace cv::mixmim {

/// Parameters in registration order; one method per kind of layer.
class ParameterList {
 public:
  /// `plan` must outlive the list. Layers start by its rule until startBy().
  explicit ParameterList(const Plan& plan) : plan_(plan), start_(plan.start) {}

  void positions(const std::string& name, cv::Size grid, int dim);  ///< a frozen sine-cosine embedding
  void maskToken(int dim);
  void encoderPositions();  ///< of the encoder's first stage, if it has a fixed embedding
  void encoder();           ///< all stages and the last norm; what follows has the head's layer

  void startBy(StartRule rule) { start_ = rule; }  ///< for the layers that follow
  void linear(const std::string& name, int64_t in, int64_t out, bool bias = true);
  void norm(const std::string& name, int64_t dim);
  /// A Transformer block; `differences` of places in a window give it a relative position table.
  void block(const std::string& name, int64_t dim, int64_t hidden, cv::Size differences, int64_t heads);

  std::vector<Parameter> take() { return std::move(all_); }

 private:
  Parameter& add(const std::string& name, std::vector<int64_t> shape, Init init, double bound = 0);
  void patches(const Stage& stage);
  void merging(const Stage& stage, int dimBefore);

  const Plan& plan_;
  StartRule start_;
  int layer_ = 0;
  std::vector<Parameter> all_;
};

}  // namespace cv::mixmim
