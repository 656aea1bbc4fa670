// mmpretrain's MixMIM under the official names. Its state dict differs in names and in one order of numbers.
#pragma once

#include <string>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// "backbone.layers.0.blocks.0.ln1.weight" -> "layers.0.blocks.0.norm1.weight". Names that mmpretrain's
/// MixMIM does not have come back unchanged.
std::string officialName(const std::string& mmpretrainName);

/// Whether the last dimension of the parameter of that (official) name holds the four neighbours that patch
/// merging joins, which mmpretrain keeps in another order.
bool hasMergedChannels(const std::string& name);

/// Brings the last dimension from mmpretrain's order to the official one. mmpretrain: channel by channel, the
/// four neighbours (0,0) (0,1) (1,0) (1,1) of each side by side. Official: neighbour by neighbour, (0,0)
/// (1,0) (0,1) (1,1), all channels of each. `tensor` is F32; Error where its last dimension is no multiple of
/// four.
Tensor officialMerging(const Tensor& tensor, const std::string& name);

}  // namespace cv::mixmim
