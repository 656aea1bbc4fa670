// A model's settings as the text that an exported file holds.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The section [model] of a config as a JSON object.
std::string textOf(const ModelConfig& model);

/// Reads it from a file that may be hostile: every number is bounded by its option, and the sizes make a
/// plan. The name may be any text. Throws Error, with `where` in front.
ModelConfig modelOfText(const std::string& text, const std::string& where);

}  // namespace cv::mixmim
