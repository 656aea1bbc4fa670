// Fine-tuning: classes of whole images.
#pragma once

#include "objectives/erasing.hpp"
#include "objectives/objective.hpp"

namespace cv::mixmim {

class Classification final : public Objective {
 public:
  Classification(const Config& config, const Weights& weights, const Encoder& encoder, Transfer& transfer);

  /// Soft cross entropy of the mixed images; with several labels, binary cross entropy of each.
  at::Tensor loss(const Batch& batch) override;
  Answers answers(const Batch& batch) override;

 private:
  at::Tensor targets(const Batch& batch) const;

  const Config& config_;
  const Encoder& encoder_;
  Transfer& transfer_;
  Linear head_;
  Erasing erase_;
};

}  // namespace cv::mixmim
