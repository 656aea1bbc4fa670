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
  void encoderPositions();  ///< embeddings that are added to tokens, and the class token
  void encoder(
      int classes = 0);  ///< all stages, and a head where there are classes; what follows has its layer

  void startBy(StartRule rule) { start_ = rule; }  ///< for the layers that follow
  void linear(const std::string& name, int64_t in, int64_t out, bool bias = true);
  void norm(const std::string& name, int64_t dim);
  /// A Transformer block in which all tokens meet.
  void block(const std::string& name, int64_t dim, int64_t hidden);

  std::vector<Parameter> take() { return std::move(all_); }

 private:
  Parameter& add(const std::string& name, std::vector<int64_t> shape, Init init, double bound = 0);
  void convolution(const std::string& name, int64_t out, int64_t in, int64_t side);
  void depthwise(const std::string& name, int64_t channels);
  void embedding(size_t s);
  void merging(const Stage& stage, int dimBefore);
  void convolvedPositions(const Stage& stage);
  void blocks(const Stage& stage);
  void block(const Block& block, const Stage& stage);
  void attention(const Block& block, const Stage& stage);
  void reducedAttention(const std::string& name, const Stage& stage, int reduction);
  void mlp(const std::string& name, int64_t dim, int64_t hidden, bool convolved);
  void stageNorm(const Stage& stage);
  void head(int classes);

  const Plan& plan_;
  StartRule start_;
  int layer_ = 0;
  std::vector<Parameter> all_;
};

}  // namespace cv::mixmim
