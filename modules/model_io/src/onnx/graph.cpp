#include "onnx/graph.hpp"

#include <fmt/format.h>

#include "model/plan.hpp"
#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

namespace cv::mixmim {

namespace {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

class Network {
 public:
  Network(const TensorMap& weights, const ModelConfig& model, Head head, const OnnxProfile& profile)
      : weights_(weights),
        plan_(planOf(model)),
        labels_(model.labels),
        net_("MixMIM", description(model, head), profile) {}

  OnnxBuilder build(Head head) {
    OnnxEncoder encoder(weights_, plan_, net_);
    const std::vector<Value> stages =
        encoder.stages(net_.input("image", {3, plan_.image.height, plan_.image.width}));
    switch (head) {
      case Head::kLogits:
        net_.output(logits(stages.back()), {classes()});
        break;
      case Head::kProbabilities:
        net_.output(probabilities(logits(stages.back())), {classes()});
        break;
      case Head::kFeatures:
        net_.output(pooled(names::kFeatures, normed(stages.back())), {plan_.featureDim()});
        break;
      case Head::kPyramid:
        for (size_t s = 0; s < stages.size(); ++s)
          addMap(s, s + 1 < stages.size() ? stages[s] : normed(stages[s]));
    }
    return std::move(net_);
  }

 private:
  static std::string description(const ModelConfig& model, Head head) {
    return fmt::format(
        "MixMIM. Input: image, N x 3 x {0} x {1}, float32, BGR, 0..255, as "
        "blobFromImage(picture, 1.0, Size({1}, {0})) makes it; mean and std are inside. Output: {2}.",
        model.imageSize.height, model.imageSize.width, sentenceOf(head, model.labels));
  }

  int64_t classes() const { return weights_.at("head.bias").elements(); }

  /// One vector before the final norm's affine, which commutes with taking a mean or a row, then the
  /// classifier.
  Value logits(const Value& x) {
    const Value y = pooled(names::kPooled, layers_.layerNorm(last().norm, x, last().rows(), last().eps));
    const LinearMap head = foldedInto(linearOf(weights_, "head"), finalAffine());
    return net_.gemm(names::kLogits, y, asTensor(head.weight), asTensor(head.bias));
  }

  Value probabilities(const Value& scores) {
    const char* const name = nameOf(Head::kProbabilities);
    return labels_ == Labelling::kSeveral ? net_.sigmoid(name, scores) : net_.softmax(name, scores, 1);
  }

  /// The last stage after the final LayerNorm.
  Value normed(const Value& x) { return layers_.normed(x, finalAffine(), last()); }

  Affine finalAffine() const { return affineOf(weights_, last().norm); }

  /// L x C -> C: the class token, or the mean over the tokens.
  Value pooled(const std::string& name, const Value& x) {
    if (last().classToken) return net_.reshape(name, net_.slice("pool", x, 1, 0, 1), {-1, last().dim});
    const Value order = net_.transpose("pool.order", x, {0, 2, 1});
    const Value map = net_.reshape("pool.map", order, {-1, last().dim, last().tokens(), 1});
    return net_.reshape(name, net_.globalAveragePool("pool", map), {-1, last().dim});
  }

  /// L x C -> the output C x rows x columns, without the class token.
  void addMap(size_t s, const Value& x) {
    const Stage& stage = plan_.stages[s];
    const std::string name = fmt::format("feature{}", s + 1);
    const Value tokens = stage.classToken ? net_.slice(name + ".tokens", x, 1, 1, stage.rows()) : x;
    const Value order = net_.transpose(name + ".order", tokens, {0, 2, 1});
    net_.output(net_.reshape(name, order, {-1, stage.dim, stage.grid.height, stage.grid.width}),
                {stage.dim, stage.grid.height, stage.grid.width});
  }

  const Stage& last() const { return plan_.stages.back(); }

  const TensorMap& weights_;
  const Plan plan_;
  const Labelling labels_;
  OnnxBuilder net_;
  OnnxLayers layers_{net_};
};

}  // namespace

OnnxBuilder onnxGraph(const TensorMap& weights, const ModelConfig& model, Head head,
                      const OnnxProfile& profile) {
  return Network(weights, model, head, profile).build(head);
}

}  // namespace cv::mixmim
