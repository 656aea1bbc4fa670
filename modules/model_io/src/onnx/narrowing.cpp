// How a stage makes its tokens, as nodes of the graph.
#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

namespace cv::mixmim {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

/// The tokens of the first stage.
Value OnnxEncoder::embedded(const Value& image) {
  const Stage& stage = plan_.stages.front();
  return withPositions(patchesOfPixels(image, stage), stage);
}

/// The tokens of another stage from those of the stage before.
Value OnnxEncoder::narrowed(const Value& x, const Stage& before, const Stage& stage) {
  if (stage.narrowing == Narrowing::kMerged) return merged(x, before, stage);
  return withPositions(patchesOfTokens(x, before, stage), stage);
}

Value OnnxEncoder::patchesOfPixels(const Value& image, const Stage& stage) {
  const std::string name = stage.embedding + names::kPatches;
  if (stage.narrowing == Narrowing::kOverlapping) {
    const LinearMap pixels = preprocessing();
    return overlapping(net_.conv(stage.embedding + names::kPixels, image,
                                 asTensor(pixels.weight, {3, 3, 1, 1}), asTensor(pixels.bias), {}),
                       stage);
  }
  const LinearMap projection = foldedPreprocessing(linearOf(weights_, name));
  const Value map = net_.conv(name, image, asTensor(projection.weight, weights_.at(name + ".weight").shape),
                              asTensor(projection.bias), {stage.side});
  return layers_.fromMap(stage.embedding, map, stage, stage.dim);
}

Value OnnxEncoder::patchesOfTokens(const Value& x, const Stage& before, const Stage& stage) {
  const std::string& at = stage.embedding;
  if (stage.narrowing == Narrowing::kOverlapping)
    return overlapping(layers_.toMap(at + ".before", x, before, before.dim), stage);
  return layers_.linear(at + names::kPatches, layers_.squares(at, x, stage.grid, stage.side, before.dim),
                        channelsLast(linearOf(weights_, at + names::kPatches), before.dim),
                        {-1, stage.tokens(), stage.dim});
}

/// Patches that reach over their borders, of a map of channels x rows x columns.
Value OnnxEncoder::overlapping(const Value& map, const Stage& stage) {
  const std::string name = stage.embedding + names::kPatches;
  const Value tokens = net_.conv(name, map, weights_.at(name + ".weight"), weights_.at(name + ".bias"),
                                 {stage.side, {stage.side - 1, stage.side - 1}});
  return layers_.fromMap(stage.embedding, tokens, stage, stage.dim);
}

/// Squares of tokens become one each.
Value OnnxEncoder::merged(const Value& x, const Stage& before, const Stage& stage) {
  const std::string& at = stage.embedding;
  Value y = layers_.squares(at, x, stage.grid, stage.side, before.dim);
  Affine norm = affineOf(weights_, at + ".norm");
  LinearMap reduction = linearOf(weights_, at + ".reduction");
  norm = {inReshapeOrder(norm.gain, stage.side), inReshapeOrder(norm.bias, stage.side)};
  reduction.weight = inReshapeOrder(reduction.weight, stage.side);
  y = layers_.layerNorm(at + ".norm", y, stage.tokens(), stage.embeddingEps);
  return layers_.linear(at + names::kMerging, y, foldedInto(reduction, norm),
                        {-1, stage.tokens(), stage.dim});
}

}  // namespace cv::mixmim
