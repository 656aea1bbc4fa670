// Fine-tuning: classes of whole images.
#pragma once

#include "objectives/objective.hpp"

namespace cv::mixmim {

class Classification final : public Objective {
 public:
  Classification(const Config& config, const Weights& weights, const Encoder& encoder, Transfer& transfer);

  at::Tensor loss(const Batch& batch) override;  ///< soft cross entropy of the mixed images
  Answers answers(const Batch& batch) override;

 private:
  const Config& config_;
  const Encoder& encoder_;
  Transfer& transfer_;
  Linear head_;
};

}  // namespace cv::mixmim
