// The families of encoders, among which planOf() chooses.
#pragma once

#include <string>

#include "model/plan.hpp"

namespace cv::mixmim {

/// How a family calls the parameters of stage s and of its block n.
struct StageNames {
  std::string (*embedding)(int s);
  std::string (*block)(int s, int n);
};

/// The stages that a ModelConfig describes: widths, heads, hidden widths; the side of the grid halves from
/// stage to stage. One norm, "norm", behind the last; every eps 1e-5. How tokens are made and meet, positions
/// and layers of layer decay are left to the family.
Plan stagesOf(const ModelConfig& model, cv::Size image, const StageNames& names);

/// Stages of window attention under the names that MixMIM and Swin share: tokens of the first stage from
/// patches, of the others by merging; windows with bias tables, whose sizes and shifts are left to the
/// family.
Plan windowStages(const ModelConfig& model, cv::Size image);

/// Layers of layer decay as SimMIM counts them for Swin: what makes the tokens of a stage has the layer of
/// the last block before it, and final norm and head have one of their own.
void countLayersAsSimMim(Plan& plan);

/// Stages whose blocks have mask cells as keys, with the eps 1e-6 and the starting values of PVT's code, and
/// layers as SimMIM counts them. Registered by stage; how tokens are made, positions and convolutions are
/// left to the family.
Plan reducedStages(const ModelConfig& model, cv::Size image, const StageNames& names);

/// The side of Swin's windows at `cells` mask cells per axis: 7 at 224 px, 6 at 192, 8 at 256, 12 at 384, 7
/// at 448. One rule gives every published size: the least divisor of the cells that is at least 7.
int publishedWindow(int cells);

/// Throws Error for model.window, which the encoder `name` does not have.
void refuseWindow(const ModelConfig& model, const char* name);

Plan mixMimPlan(const ModelConfig& model, cv::Size image);
Plan swinPlan(const ModelConfig& model, cv::Size image);
Plan pvtPlan(const ModelConfig& model, cv::Size image);
Plan twinsPlan(const ModelConfig& model, cv::Size image);  ///< SVT and PCPVT
Plan pvtV2Plan(const ModelConfig& model, cv::Size image);

/// Throws the Error of an option of [model].
[[noreturn]] void rejectModel(const std::string& key, const std::string& what, const std::string& hint);

}  // namespace cv::mixmim
