// Pretraining: both images of every mixture are restored (paper section 3).
#pragma once

#include "objectives/decoder.hpp"
#include "objectives/objective.hpp"

namespace cv::mixmim {

class Reconstruction final : public Objective {
 public:
  Reconstruction(const Config& config, const Weights& weights, const Encoder& encoder, Transfer& transfer);

  at::Tensor loss(const Batch& batch) override;  ///< mean squared error of the hidden cells
  Answers answers(const Batch& batch) override;

 private:
  at::Tensor encode(const at::Tensor& mixed, const Batch& batch, DropPath* drop) const;

  const Config& config_;
  const Encoder& encoder_;
  Transfer& transfer_;
  at::Device device_;
  Decoder decoder_;
};

}  // namespace cv::mixmim
