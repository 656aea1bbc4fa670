// An encoder as a table: stages of blocks, and how a stage begins. Trainer, plain reference, exporter and
// network plugin each walk the same table, because a family of encoders is then described once.
// Sources: MixMIM, arXiv 2205.13137 section 3; Swin, arXiv 2103.14030 section 3; PVT, arXiv 2102.12122
// section 3; PVTv2, arXiv 2106.13797 section 3; Twins, arXiv 2104.13840 section 3; and their official code.
#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The source of a token's position in its stage. Relative positions of windows are a block's.
enum class Position {
  kNone,
  kFixed,      ///< an embedding of sines and cosines, added before the first block, not trained
  kLearned,    ///< a trained embedding, added before the first block
  kConvolved,  ///< a depthwise 3 x 3 convolution of the tokens, added to them behind the first block
};

/// How a stage makes its tokens, from pixels or from the tokens of the stage before.
enum class Narrowing {
  kPatches,      ///< side x side of them -> product with bias -> norm
  kOverlapping,  ///< (2 * side - 1) squared around every side-th, zeros outside -> product with bias -> norm
  kMerged,       ///< side x side of them -> norm -> product without bias, in the order of mergingOrder()
};

/// Whom a token meets in attention.
enum class Meeting {
  kWindow,   ///< the tokens of its window
  kReduced,  ///< keys that stand for reduction x reduction tokens each, of the whole picture
};

/// How the linear weights of an encoder start. Bias tables are normal with std 0.02 under either.
enum class StartRule {
  kXavier,  ///< U(+-sqrt(6 / (in + out)))
  kNormal,  ///< normal with std 0.02
};

/// How its convolutions start.
enum class ConvolutionStart {
  kFanIn,   ///< U(+-1 / sqrt(fan in)), weight and bias: PyTorch's default
  kFanOut,  ///< normal with std sqrt(2 / fan out), bias 0
};

/// The order in which a model registers its parameters, and its optimiser numbers them.
enum class Registration {
  kByStage,           ///< embedding, blocks and norm of each stage; head
  kBlocksBeforeHead,  ///< all embeddings, blocks, norm, head, convolutions of positions
  kBlocksBehindHead,  ///< all embeddings, norm, head, convolutions of positions, blocks, attention their last
};

/// One Transformer block: attention, then an MLP. x + attention(norm1(x)), x + mlp(norm2(x)).
struct Block {
  std::string name;  ///< of its parameters, "layers.0.blocks.1"
  Meeting meeting;
  cv::Size window;  ///< kWindow: tokens that attend to each other; divides the grid
  cv::Size shift;   ///< windows begin so many tokens to the right and below; 0 where one window is the grid
  bool biased;      ///< kWindow: scores have a bias by relative position
  int reduction;    ///< kReduced: tokens per axis of a key; 1 = every token is one
  int layer;        ///< for layer decay
  int index;        ///< among the blocks of all stages, from 0

  bool shifted() const { return shift.width > 0 || shift.height > 0; }
  int windowTokens() const { return window.area(); }
  /// Differences of two tokens' places in a window: the rows of relative_position_bias_table. None without.
  cv::Size differences() const {
    return biased ? cv::Size(2 * window.width - 1, 2 * window.height - 1) : cv::Size();
  }
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
  double eps;             ///< of the LayerNorms of its blocks, and of `norm`
  Position position;
  std::string positions;  ///< of the parameters of its positions: "absolute_pos_embed"
  bool classToken;        ///< a token of the whole picture stands before the others; the head reads it
  bool convolvedMlp;      ///< a depthwise 3 x 3 convolution between an MLP's first product and its GELU
  std::string norm;       ///< of the LayerNorm behind the last block; "" = none. The last stage has one
  int normLayer;          ///< for layer decay
  std::vector<Block> blocks;

  /// Windows of a block in an image.
  int windowsOf(const Block& block) const {
    return grid.width / block.window.width * (grid.height / block.window.height);
  }
  /// Keys of a block of reduced keys.
  int keysOf(const Block& block) const {
    return block.reduction == 1 ? rows() : tokens() / (block.reduction * block.reduction);
  }
  int tokens() const { return grid.area(); }                    ///< of an image
  int rows() const { return tokens() + (classToken ? 1 : 0); }  ///< the same with the class token
};

/// An encoder. A mask cell is one token of the last stage, `stride` pixels wide (32 in the paper).
struct Plan {
  cv::Size image;             ///< px
  int stride;                 ///< pixels per cell and axis
  cv::Size cells;             ///< mask cells, image / stride
  std::vector<Stage> stages;  ///< in the order of the flow
  int blocks;                 ///< in all stages
  int headLayer;              ///< of the final norm and the head, for layer decay
  StartRule start;            ///< of the weights of encoder and head; the decoder's follow MixMIM
  ConvolutionStart convolutions;
  Registration registration;
  bool tablesDecay;  ///< whether weight decay applies to bias tables

  int cellCount() const { return cells.area(); }          ///< mask cells of an image
  int cellPixels() const { return stride * stride * 3; }  ///< numbers the decoder predicts per cell
  int featureDim() const { return stages.back().dim; }    ///< numbers of a feature vector
};

/// Epsilon of the decoder's LayerNorms, and of the one behind the reduction of keys.
inline constexpr double kDecoderEps = 1e-5, kReductionEps = 1e-5;

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
