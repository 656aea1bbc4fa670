// Where and how the model is computed that is compared, and how far it may be from the golden numbers then.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim::parity {

/// The largest differences allowed: relative, except where said.
struct Tolerances {
  double loss;
  double activation;    ///< absolute, plus the same of the largest
  double sum;           ///< of all numbers of a tensor, by that of their absolute values
  double gradient;      ///< of a parameter
  double gradientNorm;  ///< of all; at least gradientNormTolerance()
  double trainingLoss;
  double change;  ///< how far training has moved a parameter
};

/// The device (as run.device) and the type of products (as run.precision).
struct Conditions {
  std::string device = "cpu", precision = "float32";

  /// float32 on a CPU: as the golden files are. Sums in another order on a GPU: ten times as much, except
  /// where training has enlarged them; TF32 would exceed it in every quantity. bfloat16 has 8 bits for each
  /// number.
  const Tolerances& tolerances() const;
  /// Throws Error for other words than these options have, and where the device is not there.
  void check() const;
  void applyTo(Config& config) const;
};

}  // namespace cv::mixmim::parity
