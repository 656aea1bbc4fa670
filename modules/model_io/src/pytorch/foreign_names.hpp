// The names of a whole file of another program under ours: its wrappers and SimMIM's own weights go, the rest
// is spelled officially (dialects.hpp). The state dict of mmpretrain differs in one order of numbers too.
#pragma once

#include <string>
#include <vector>

#include "opencv2/mixmim/train/tensor.hpp"
#include "pytorch/dialects.hpp"
#include "pytorch/model_places.hpp"

namespace cv::mixmim {

/// The names of a whole file under ours.
struct OfficialNames {
  Program program = Program::kOfficial;
  std::vector<std::string> names;    ///< one for each of the file; "" for what belongs to no model here
  std::vector<std::string> outside;  ///< those of the file that stand outside the model's wrapper
  std::vector<std::string> simMim;   ///< and SimMIM's own
};

/// "backbone.layers.0.blocks.0.ln1.weight" -> "layers.0.blocks.0.norm1.weight" and the like, for the model at
/// the first of `places` (see model_places.hpp). Its wrapper is dropped: all of the prefix but a last
/// "backbone." or "encoder.", beside which the model's other parts stand. Names that no program here uses
/// come back unchanged. "" stands for names outside the wrapper, for those of the other places, and for the
/// mask token and decoder of SimMIM, which are not those of MixMIM.
OfficialNames officialNames(const std::vector<std::string>& theirs, const std::vector<ModelPlace>& places);

/// The names that are passed over, and what the program did otherwise, in sentences.
std::vector<std::string> notesAbout(const OfficialNames& official);

/// Whether it is the (official) name of a buffer, which follows from the dimensions.
bool isDerived(const std::string& name);

/// The values of the parameter of that (official) name in float32, where they are numbers with a fraction.
///
/// In mmpretrain's files the last dimension of a patch merging is brought to the official order. mmpretrain:
/// channel by channel, the four neighbours (0,0) (0,1) (1,0) (1,1) of each side by side. Official: neighbour
/// by neighbour, (0,0) (1,0) (0,1) (1,1), all channels of each. Error where that dimension is no multiple of
/// four.
Tensor officialValues(const Tensor& theirs, const std::string& name, Program program);

}  // namespace cv::mixmim
