// Weights for another image size: what depends on the size of a grid is interpolated on that grid.
#pragma once

#include <optional>
#include <vector>

#include "model/parameters.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// A bias table (rows x heads) or a position embedding (1 x rows x dim) of the grid `from`, F32, on another
/// `grid`: as PyTorch resamples (half-pixel centres, bicubic with a = -0.75, no antialiasing, the edge
/// repeated), computed in float64. An embedding may have one row before those of the grid, for a class token,
/// which stays as it is. An empty `from` stands for a square. Nothing unless `shape`, the wanted one, differs
/// in the rows alone.
std::optional<Tensor> resizedWeight(const Tensor& value, cv::Size from, cv::Size grid,
                                    const std::vector<int64_t>& shape,
                                    Interpolation interpolation = Interpolation::kBicubic);

/// `weights` of the model `from` for the model `to`, which differs in the image size alone: position
/// embeddings and bias tables are interpolated where their shapes differ, everything else is shared. Tensors
/// that do not fit in other ways stay as they are, because weight checks report them. A stored embedding is
/// interpolated, never made anew.
TensorMap weightsForImageSize(const TensorMap& weights, const ModelConfig& from, const ModelConfig& to);

}  // namespace cv::mixmim
