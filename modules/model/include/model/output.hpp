// The outputs of a deployed network, and their names.
#pragma once

#include <optional>
#include <string>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The output of a network; N is the batch, all numbers are float32.
enum class Head {
  kLogits,         ///< logits, N x classes: scores before softmax or sigmoid
  kProbabilities,  ///< probabilities, N x classes: their softmax, or sigmoid where a picture may have several
                   ///< labels
  kFeatures,  ///< features, N x C: the class token, or where there is none the mean over the tokens, of the
              ///< last stage after the final LayerNorm, its gain and bias included; the classifier is a
              ///< linear function of it
  kPyramid,   ///< feature1 ... featureK, N x C x H x W, one per stage in raster order, strides patchSize *
              ///< 2^s: the tokens after the last block of the stage, before the next one narrows them and, as
              ///< in the published model, without a norm where the stage has none; featureK has passed the
              ///< final LayerNorm, gain and bias included
};

/// Names on the command line and in the file's description.
const char* nameOf(Head head);  ///< "logits", "probabilities", "features", "pyramid"
std::optional<Head> headNamed(const std::string& name);

bool hasClasses(Head head);  ///< logits and probabilities
/// The output in words, for people who have only the file.
std::string sentenceOf(Head head, Labelling labelling);

}  // namespace cv::mixmim
