// An encoder as a table: stages of blocks, and how a stage begins. Trainer, plain reference, exporter and
// network plugin each walk the same table, because a family of encoders is then described once.
// Sources: MixMIM, arXiv 2205.13137 section 3; Swin, arXiv 2103.14030 section 3 and its official code.
#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The position embedding that is added to the tokens of the first stage.
enum class Position {
  kNone,
  kFixed,  ///< absolute_pos_embed: sine and cosine, not trained
};

/// How a stage makes its tokens.
enum class Narrowing {
  kPatches,  ///< side x side pixels -> product with bias -> norm
  kMerged,   ///< side x side tokens -> norm -> product without bias, in the order of mergingOrder()
};

/// How the linear weights of an encoder start. Bias tables are normal with std 0.02 under either.
enum class StartRule {
  kXavier,  ///< U(+-sqrt(6 / (in + out)))
  kNormal,  ///< normal with std 0.02
};

/// One Transformer block: attention inside windows, then an MLP. x + attention(norm1(x)), x + mlp(norm2(x)).
struct Block {
  std::string name;  ///< of its parameters, "layers.0.blocks.1"
  cv::Size window;   ///< tokens that attend to each other; divides the grid
  cv::Size shift;    ///< windows begin so many tokens to the right and below; 0 where one window is the grid
  int layer;         ///< for layer decay
  int index;         ///< among the blocks of all stages, from 0

  bool shifted() const { return shift.width > 0 || shift.height > 0; }
  int windowTokens() const { return window.area(); }
  /// Differences of two tokens' places in a window: the rows of relative_position_bias_table.
  cv::Size differences() const { return {2 * window.width - 1, 2 * window.height - 1}; }
};

/// One stage: a grid of tokens.
struct Stage {
  std::string embedding;  ///< of the parameters that make its tokens: "patch_embed", "layers.0.downsample"
  Narrowing narrowing;    ///< how its tokens are made
  int embeddingLayer;     ///< for layer decay
  int side;               ///< pixels, or tokens of the stage before, per axis of a token
  int dim;                ///< token width
  int heads;              ///< of attention; dim / heads numbers each
  int hidden;             ///< width of an MLP's hidden layer
  cv::Size grid;          ///< tokens
  double embeddingEps;    ///< of the LayerNorm that makes its tokens
  double eps;             ///< of the LayerNorms of its blocks; in the last stage of the final one too
  std::vector<Block> blocks;

  /// Windows of a block in an image.
  int windowsOf(const Block& block) const {
    return grid.width / block.window.width * (grid.height / block.window.height);
  }
  int tokens() const { return grid.area(); }  ///< of an image
};

/// An encoder. A mask cell is one token of the last stage, `stride` pixels wide (32 in the paper).
struct Plan {
  cv::Size image;             ///< px
  int stride;                 ///< pixels per cell and axis
  cv::Size cells;             ///< mask cells, image / stride
  Position position;          ///< of the first stage
  std::vector<Stage> stages;  ///< in the order of the flow
  int blocks;                 ///< in all stages
  int headLayer;              ///< of the final norm and the head, for layer decay
  StartRule start;            ///< of the weights of encoder and head; the decoder's follow MixMIM
  bool tablesDecay;           ///< whether weight decay applies to bias tables

  int cellCount() const { return cells.area(); }          ///< mask cells of an image
  int cellPixels() const { return stride * stride * 3; }  ///< numbers the decoder predicts per cell
  int featureDim() const { return stages.back().dim; }    ///< numbers of a feature vector
};

/// Epsilon of the decoder's LayerNorms.
inline constexpr double kDecoderEps = 1e-5;

/// The plan for images of model.imageSize. Throws Error when the numbers do not fit: an image that is
/// not a multiple of the stride, widths not divisible by the head dimension, windows of another family.
Plan planOf(const ModelConfig& model);
/// The same for images of another size, not always square; model.imageSize plays no part.
Plan planOf(const ModelConfig& model, cv::Size image);

/// The tokens that become one in patch merging, as (column, row) inside their square of `side` x `side`:
/// column by column, (0,0), (0,1), (1,0), (1,1) for a side of 2. Published checkpoints depend on it.
std::vector<cv::Point> mergingOrder(int side);

/// For a window: the row of the bias table for tokens i and j, N x N, CV_32S; tokens in raster order.
cv::Mat relativePositionIndex(cv::Size window);

}  // namespace cv::mixmim
