// The deployed path: a picture file as OpenCV reads it, through the Classifier.
#pragma once

#include <optional>
#include <string>

#include "evaluation/answer_sheet.hpp"
#include "evaluation/measured.hpp"
#include "opencv2/mixmim/classifier.hpp"

namespace cv::mixmim {

/// The file `model` on labelled pictures. Those that OpenCV cannot read are left out and named on stderr.
/// Throws Error where withClassesOf does.
Measured evaluateDeployed(const std::string& model, const LabelledData& data,
                          const ClassifierOptions& options);

/// The accuracy of a model, and what products of 8-bit numbers (ClassifierOptions::int8) change in it.
struct DeployedCheck {
  Measured float32;
  std::optional<Measured> int8;  ///< none where this processor does not multiply bytes
  std::string whyNoInt8;
  int64_t sameAnswer = 0;  ///< pictures for which both name the same class first, or the same labels
};

/// Both ways over the same pictures; `exact` is the file `model` with the options as they are. Throws Error
/// as evaluateDeployed does.
DeployedCheck checkDeployed(Classifier& exact, const std::string& model, const LabelledData& data);

}  // namespace cv::mixmim
