// The families of encoders, among which planOf() chooses.
#pragma once

#include "model/plan.hpp"

namespace cv::mixmim {

/// Stages of window attention under the names that MixMIM and Swin share: width and heads double from stage
/// to stage, the side of the grid halves. Windows, shifts and layers of layer decay are left to the family.
Plan windowStages(const ModelConfig& model, cv::Size image);

Plan mixMimPlan(const ModelConfig& model, cv::Size image);
Plan swinPlan(const ModelConfig& model, cv::Size image);

/// Throws the Error of an option of [model].
[[noreturn]] void rejectModel(const std::string& key, const std::string& what, const std::string& hint);

}  // namespace cv::mixmim
