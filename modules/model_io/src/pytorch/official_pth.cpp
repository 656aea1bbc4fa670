// Writing the layout of the official code.
#include <algorithm>

#include <fmt/format.h>

#include "model/parameters.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/geometry.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "pytorch/official_optimizer.hpp"

namespace cv::mixmim {

namespace {

Tensor indexBuffer(int window) {
  const cv::Mat index = relativePositionIndex(window);
  Tensor buffer = Tensor::zeros({index.rows, index.cols}, DType::kI64);
  std::copy(index.begin<int>(), index.end<int>(), buffer.as<int64_t>());
  return buffer;
}

/// The window of a stage for "layers.<stage>....relative_position_bias_table", 0 for every other name.
int windowOf(const std::string& name, const Geometry& geometry) {
  if (!endsWith(name, "relative_position_bias_table")) return 0;
  return geometry.stages.at(static_cast<size_t>(std::stoi(name.substr(name.find('.') + 1)))).window;
}

/// In the order of the official modules, where the index buffer follows its table.
void writeModel(PthWriter& file, const TensorMap& weights, const Config& config) {
  const Geometry geometry = geometryOf(config.model);
  file.beginDict();
  for (const Parameter& parameter : parameters(config.model, config.run.task)) {
    const auto found = weights.find(parameter.name);
    if (found == weights.end()) throw Error("weights", "expected a tensor " + parameter.name);
    file.text(parameter.name);
    file.tensor(found->second);
    const int window = windowOf(parameter.name, geometry);
    if (window == 0) continue;
    file.text(parameter.name.substr(0, parameter.name.rfind('.')) + ".relative_position_index");
    file.tensor(indexBuffer(window));
  }
  file.end();
}

}  // namespace

void writeOfficialPth(const std::string& path, const TrainerState& state, const CheckpointInfo& info,
                      PthContent content) {
  PthWriter file(path);
  file.beginDict();
  file.text("model");
  writeModel(file, state.weights, info.config);
  if (content == PthContent::kWeightsAndOptimizer) {
    file.text("optimizer");
    writeOfficialOptimizer(file, state.optimizer, info.config);
    file.text("epoch");
    file.integer(std::max<int64_t>(1, static_cast<int64_t>(info.epoch)) -
                 1);  // the number of the last one done
  }
  file.text(kConfigKey);
  file.text(toJson(info.config));
  file.text("labels");
  file.beginList();
  for (const std::string& label : info.labels) file.text(label);
  file.end();
  file.end();
  file.commit();
}

}  // namespace cv::mixmim
