// The deployed path for verbs: a picture file as OpenCV reads it, through the Classifier.
#pragma once

#include <string>

#include "apps/mixmim/evaluation.hpp"
#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/classifier.hpp"

namespace cv::mixmim {

/// BGR, orientation tags ignored as in training. Throws Error when OpenCV cannot read it.
cv::Mat readPicture(const std::string& path);

EvaluationResult evaluateClassifier(Classifier& classifier, const Source& source);

}  // namespace cv::mixmim
