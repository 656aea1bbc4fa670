// The description of a deployable .onnx, in its metadata_props. Written by the exporter, read by the
// classifier.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

#include "model/output.hpp"
#include "model_io/onnx/profile.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Keys in the file are "mixmim.<field>"; lists are JSON. The network itself takes `image`, N x 3 x S x S,
/// float32, BGR, 0..255 (blobFromImage(img, 1.0, Size(S, S)) and nothing else).
struct DeployedModel {
  /// The settings of the network's model: planOf gives its stages. None in files of format 1, the oldest;
  /// those hold MixMIM's own encoder, and modelOfConstants (model_of_constants.hpp) finds its sizes.
  std::optional<ModelConfig> model;
  cv::Size inputSize;  ///< of the pictures that the network sees, px
  EvalView evalView;   ///< the part of a picture that it is shown; a file without a rule has the official one
  Orientation orientation = Orientation::kIgnore;  ///< of the pictures of its training; absent = ignored
  Head head = Head::kLogits;                       ///< what the output is
  WeightType weights = WeightType::kFloat32;       ///< how exact it is: see goldenTolerance
  std::vector<std::string> labels;                 ///< one per class; empty where the head has none
  std::map<std::string, std::string>
      facts;  ///< how it was trained: model, steps, accuracy, versions; for people
  /// Gain and bias of the final norm, 2 x C, CV_32F: features = (the class token, or the mean of the tokens,
  /// before them) * gain + bias. In the graph of a classifier they are folded into the head, so that
  /// "pool.rows" gives what is in brackets. Empty for a pyramid.
  cv::Mat featureAffine;
  std::string graphHash;  ///< XXH3 of the network's bytes in the file; compared when the file is read

  /// A picture made of small squares and what the network must answer to it: replayed at load. The picture is
  /// stored small (tile x tile x 3, base64) and enlarged by repeating pixels.
  cv::Mat goldenInput;   ///< S x S, CV_8UC3, BGR
  cv::Mat goldenOutput;  ///< 1 x numbers, CV_32F: see goldenAnswer in golden_picture.hpp
};

/// True where a picture may have several labels, each with a probability of its own; not in files of
/// format 1.
bool hasSeveralLabels(const DeployedModel& model);

/// The fact of a model whose class names were given when it was exported, so that data may have others.
inline constexpr const char* kLabelsFact = "labels";

/// How far from the golden output an answer may be: 1e-3 of its largest number (or of 1, if that is more),
/// 5e-2 for float16 weights. A wrong layer is off by far more.
double goldenTolerance(const DeployedModel& model);

/// Reads the description without loading the network. Throws Error for a file that is not ONNX, is damaged,
/// or was not written by `mixmim export`. Memory stays proportional to the file.
DeployedModel readDeployedModel(const std::string& path);

/// The same for a file in memory; `where` names it in messages.
DeployedModel parseDeployedModel(std::string_view bytes, const std::string& where);

/// The description as metadata_props: what readDeployedModel reads, and lines for people (preprocessing).
std::map<std::string, std::string> metadataOf(const DeployedModel& model);

}  // namespace cv::mixmim
