// A model in several safetensors files, as the tools of Hugging Face cut large ones.
#pragma once

#include <string>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Whether the name is that of one file of several: "model-00002-of-00003.safetensors".
bool isShard(const std::string& path);

/// "model.safetensors.index.json" in a folder, else the first file of several; "" where there is neither.
std::string weightShardsIn(const std::string& folder);

/// Throws Error for one of several files of torch.save, which are named alike and not read.
void refuseShardOfTorch(const std::string& path);

/// The tensors of all files, from the path of the index ("model.safetensors.index.json") or of any of them.
/// Throws Error, naming what is missing, where a file or a tensor that the index lists is not there, for a
/// tensor in two files, and where readSafetensors does.
TensorMap readShards(const std::string& path);

}  // namespace cv::mixmim
