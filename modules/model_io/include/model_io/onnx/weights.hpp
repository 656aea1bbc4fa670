// The numbers in an .onnx: the constants of its graph by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Read-only. Float32 constants that lie aligned in the file, as all but the first do in ours, are not
/// copied: their bytes are the mapped file's.
struct OnnxWeights {
  TensorMap tensors;                 ///< all F32; float16 constants are converted
  std::shared_ptr<const void> file;  ///< keeps the mapping alive; hold it as long as a tensor is in use
};

/// Every floating-point constant (initializer) of the graph, under the name that OnnxBuilder gave it
/// ("layers.0.blocks.0.mlp.fc1.weight", "positions"). Float16 files have the same names. Constants of other
/// types, such as the shapes of reshapes, are left out.
///
/// The file may be hostile: ranks, counts and sizes are bounded and the product of a shape is checked against
/// the bytes that are there before anything is allocated; memory is at most twice the file (float16).
/// readDeployedModel, and not this, checks whether the network is one of ours and undamaged. Throws Error
/// naming the constant for a damaged file, for numbers that are not raw bytes in the file itself, for a name
/// that appears twice.
OnnxWeights readOnnxWeights(const std::string& path);

/// The same for a file in memory, into which the tensors look: it must outlive them. `where` names it in
/// messages.
TensorMap parseOnnxWeights(std::string_view bytes, const std::string& where);

}  // namespace cv::mixmim
