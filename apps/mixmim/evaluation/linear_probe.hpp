// How much a frozen encoder knows: classifiers on its features that cannot learn features of their own.
#pragma once

#include "evaluation/feature_table.hpp"

namespace cv::mixmim {

/// A linear classifier: scores = features * weights + bias.
struct LinearClassifier {
  cv::Mat weights;  ///< D x classes, CV_32F
  cv::Mat bias;     ///< 1 x classes, CV_32F
};

/// Multinomial logistic regression: standardised features, L2 penalty, full-batch gradient descent with
/// momentum from zero. The standardisation is folded into the result. Deterministic.
LinearClassifier linearClassifier(const LabelledFeatures& train, int classes);

/// The accuracy (0..1) of such a classifier on `val`.
double accuracyOf(const LinearClassifier& classifier, const LabelledFeatures& val);

/// Accuracy (0..1) of a majority vote of the k nearest training images by cosine similarity, votes weighted
/// by exp(similarity / 0.07) as in the DINO evaluation.
double nearestNeighbours(const LabelledFeatures& train, const LabelledFeatures& val, int classes, int k);

}  // namespace cv::mixmim
