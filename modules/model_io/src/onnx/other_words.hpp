// The description of a file in the words of other programs, beside our own.
#pragma once

#include <map>
#include <string>

#include "model_io/onnx/deployed_model.hpp"

namespace cv::mixmim {

/// Metadata of an exported file for readers that look for their own keys: ONNX's ("Image.*"), those of
/// OpenVINO's Model API ("model_info ...") and of ultralytics ("names", "task", "imgsz"). The last two speak
/// of classes, so that they are there only for heads with classes.
std::map<std::string, std::string> wordsOfOthers(const DeployedModel& model);

}  // namespace cv::mixmim
