// The numbers that follow from a ModelConfig: grids, windows, widths. Paper section 3, official class MixMIM.
#pragma once

#include <vector>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// One encoder stage: a square grid of tokens, attention inside square windows, then (except last) 2x2 patch
/// merging.
struct Stage {
  int dim;         ///< token width, embedDim * 2^s
  int depth;       ///< blocks
  int heads;       ///< dim / headDim
  int grid;        ///< tokens per side
  int window;      ///< window side in tokens; divides grid
  int firstBlock;  ///< blocks in all stages before

  int tokens() const { return grid * grid; }            ///< of an image
  int windowTokens() const { return window * window; }  ///< that attend to each other
  /// Rows of relative_position_bias_table.
  int biasRows() const { return (2 * window - 1) * (2 * window - 1); }
};

/// All geometry of a model. A mask cell is one token of the last stage: `stride` pixels wide (32 in the
/// paper).
struct Geometry {
  int imageSize;              ///< px
  int patchSize;              ///< px
  int stride;                 ///< patchSize * 2^(stages-1)
  int cells;                  ///< mask cells per side, imageSize / stride
  int blocks;                 ///< blocks in all stages
  std::vector<Stage> stages;  ///< in the order of the flow

  int cellCount() const { return cells * cells; }         ///< mask cells of an image
  int cellPixels() const { return stride * stride * 3; }  ///< numbers the decoder predicts per cell
  int featureDim() const { return stages.back().dim; }    ///< numbers of a feature vector
};

/// Throws Error when the numbers do not fit: image size not a multiple of the stride, widths not divisible by
/// the head dimension, and so on. Windows are the published ones at 224 and 384 px (patch 4), else the
/// largest divisor of the grid up to 14.
CV_EXPORTS Geometry geometryOf(const ModelConfig& model);

}  // namespace cv::mixmim
