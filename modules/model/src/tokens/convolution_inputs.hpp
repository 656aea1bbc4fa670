// Which tokens a convolution reads for each of its results, in a mixture only those of the result's own
// image: the other image's are zeros, as what lies outside the picture is.
#pragma once

#include <cstdint>
#include <vector>

#include "tokens/mixed_grid.hpp"

namespace cv::mixmim {

/// The window of a convolution: side x side inputs; it moves by `step` and begins `before` inputs above and
/// to the left of its place.
struct ConvolutionWindow {
  int side, step, before;
};

/// For each result the places of side x side inputs, row by row; -1 for those that it must not see. The group
/// of a result is that of the input at its place.
/// `results`: raster positions on a grid `across` wide. `places`: raster position of an input -> where it
/// stands; empty = there.
std::vector<int32_t> convolutionInputs(const std::vector<int64_t>& results, int across,
                                       const MixedGrid& inputs, const std::vector<int64_t>& places,
                                       const ConvolutionWindow& window);

}  // namespace cv::mixmim
