// The parts that every exported graph is made of, in the spelling that every reader understands.
#pragma once

#include <string>
#include <vector>

#include "model/plan.hpp"
#include "model_io/onnx/builder.hpp"
#include "onnx/folding.hpp"

// Note [Spelling]
// Runtimes differ in what they accept, so the graph keeps to what all of them compute correctly: constants
// without leading 1-dimensions; reshapes with one literal -1, the batch; linears as Reshape-Gemm-Reshape;
// LayerNorm as InstanceNormalization of tokens x channels with unit gain, its own gain and bias folded into
// the next linear or, where none follows alone, constants of their own for every token; GELU as
// Div-Erf-Add-Mul-Mul with the constant second, in opset 9 as x sigmoid(z p(z^2)). Tokens stay in raster
// order; a block with several windows regroups them and puts them back. Shifted windows are windows of the
// rolled grid: two slices and a concatenation per axis, and back. Their scores are reshaped for one addition
// of bias and mask, because one constant for all windows and heads is what every reader takes. Tokens that
// become one without a border between them stand side by side for a linear; those that reach over borders are
// a convolution with zeros around the map. A class token begins as a row of zeros, because no constant has
// the size of a batch.

namespace cv::mixmim {

/// Adds nodes to a graph. x: L x C per picture, tokens in raster order, unless said otherwise. Values are
/// names, as OnnxBuilder gives them.
class OnnxLayers {
 public:
  explicit OnnxLayers(OnnxBuilder& net) : net_(net) {}

  /// Every token to mean 0 and variance 1; gain and bias are folded into what follows.
  std::string layerNorm(const std::string& name, const std::string& x, int64_t tokens, double eps);
  /// `shape` is that of the result, with -1 for the batch.
  std::string linear(const std::string& name, const std::string& x, const LinearMap& map,
                     const std::vector<int64_t>& shape);
  std::string gelu(const std::string& at, const std::string& x);

  /// x times, or plus, a number per token and channel (L x C, CV_64F): the constant "<name>s".
  std::string timesConstant(const std::string& name, const std::string& x, const cv::Mat& numbers);
  std::string plusConstant(const std::string& name, const std::string& x, const cv::Mat& numbers);

  /// A LayerNorm with gain and bias, where no linear map follows alone.
  std::string normed(const std::string& x, const Affine& affine, const Stage& stage);

  /// Tokens in raster order to channels x rows x columns of the stage's grid, and back.
  std::string toMap(const std::string& at, const std::string& x, const Stage& stage, int64_t channels);
  std::string fromMap(const std::string& at, const std::string& x, const Stage& stage, int64_t channels);
  /// A 3 x 3 convolution of every channel by itself, zeros outside. kernel: C x 9.
  std::string depthwise(const std::string& name, const std::string& x, const LinearMap& kernel,
                        const Stage& stage);
  /// side x side tokens become one row of the result, row by row, for every square of `grid`.
  std::string squares(const std::string& at, const std::string& x, cv::Size grid, int64_t side, int64_t dim);

  /// Raster order to one batch entry per window of the block: L x C -> (windows) x N x C, and back.
  std::string toWindows(const std::string& at, const std::string& x, const Stage& stage, const Block& block);
  std::string toRaster(const std::string& at, const std::string& x, const Stage& stage, const Block& block);

 private:
  std::string geluByErf(const std::string& at, const std::string& x);
  std::string geluBySigmoid(const std::string& at, const std::string& x);
  std::string rolled(const std::string& name, const std::string& x, const Stage& stage, cv::Size by);
  std::string rolledAxis(const std::string& name, const std::string& x, int axis, int64_t size, int64_t by);

  OnnxBuilder& net_;
};

/// The same number for every token: K x 1 -> tokens x K.
cv::Mat perToken(const cv::Mat& perChannel, int tokens);

}  // namespace cv::mixmim
