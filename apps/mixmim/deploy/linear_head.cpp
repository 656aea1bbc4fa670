#include "deploy/linear_head.hpp"

#include <algorithm>

#include "model_io/open_checkpoint.hpp"

namespace cv::mixmim {

namespace {

Tensor tensorOf(const cv::Mat& numbers, std::vector<int64_t> shape) {
  Tensor tensor = Tensor::zeros(std::move(shape));
  std::copy(numbers.begin<float>(), numbers.end<float>(), tensor.as<float>());
  return tensor;
}

}  // namespace

ExportReport exportLinearHead(const std::string& out, const std::string& init, const LinearClassifier& head,
                              const std::vector<std::string>& labels) {
  const Config config = readCheckpointInfo(init).config;
  TensorMap weights = readWeights(init);
  weights["head.weight"] = tensorOf(head.weights.t(), {head.weights.cols, head.weights.rows});
  weights["head.bias"] = tensorOf(head.bias, {head.bias.cols});
  ModelConfig model = config.model;
  model.classes = head.bias.cols;
  DeployedModel about;
  about.labels = labels;
  about.evalView = config.augment.evalView();
  about.facts = {{"model", model.name}, {"head", "linear, on the frozen encoder"}};
  return exportOnnx(out, weights, model, about);
}

}  // namespace cv::mixmim
