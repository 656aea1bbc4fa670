// The deployed path: a picture file as OpenCV reads it, through the Classifier.
#pragma once

#include "apps/mixmim/evaluation.hpp"
#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/classifier.hpp"

namespace cv::mixmim {

/// Images that OpenCV cannot read are left out and named on stderr.
EvaluationResult evaluateClassifier(Classifier& classifier, const Source& source);

}  // namespace cv::mixmim
