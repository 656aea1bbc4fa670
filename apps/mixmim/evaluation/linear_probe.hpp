// How much a frozen encoder knows: classifiers on its features that cannot learn features of their own.
#pragma once

#include "evaluation/feature_table.hpp"

namespace cv::mixmim {

/// Accuracy (0..1) on `val` of multinomial logistic regression trained on `train`: standardised features, L2
/// penalty, full-batch gradient descent with momentum from zero. Deterministic.
double linearProbe(const LabelledFeatures& train, const LabelledFeatures& val, int classes);

/// Accuracy (0..1) of a majority vote of the k nearest training images by cosine similarity, votes weighted
/// by exp(similarity / 0.07) as in the DINO evaluation.
double nearestNeighbours(const LabelledFeatures& train, const LabelledFeatures& val, int classes, int k);

}  // namespace cv::mixmim
