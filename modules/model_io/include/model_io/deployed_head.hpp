// What a deployed network gives, and the names for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "model_io/onnx_builder.hpp"

namespace cv::mixmim {

/// What a network gives; N is the batch, all float32.
enum class Head {
  kLogits,         ///< logits, N x classes: scores before softmax
  kProbabilities,  ///< probabilities, N x classes: their softmax
  kFeatures,  ///< features, N x C: the mean over the tokens of the last stage after the final LayerNorm, its
              ///< gain and bias included; what the classifier is a linear function of
  kPyramid,   ///< feature1 ... featureK, N x C x H x W, one per stage in raster order, strides patchSize *
              ///< 2^s: the tokens after the last block of the stage, before patch merging and, as in the
  ///< published model, without a norm; only featureK has passed the final LayerNorm, gain and bias
  ///< included
};

/// The words of the command line and of the file's description.
const char* nameOf(Head head);  ///< "logits", "probabilities", "features", "pyramid"
std::optional<Head> headNamed(const std::string& name);
const char* nameOf(WeightType weights);  ///< "fp32", "fp16"
std::optional<WeightType> weightTypeNamed(const std::string& name);

bool hasClasses(Head head);         ///< logits and probabilities
std::string sentenceOf(Head head);  ///< the output in words, for people who have only the file

/// What of a network's answer to one picture is the golden output, 1 x numbers in the type of `outputs`. One
/// output, 1 x M: all of it. A pyramid, maps of 1 x C x H x W: of every map and channel the number of one
/// token, c * H * W / C (rounded down) for channel c, so that the samples are spread over the map;
/// concatenated.
cv::Mat goldenAnswer(const std::vector<cv::Mat>& outputs);

}  // namespace cv::mixmim
