// Writing the layout of the official code.
#include <algorithm>

#include <fmt/format.h>

#include "model/parameters.hpp"
#include "model/token_order.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "pytorch/official_optimizer.hpp"

namespace cv::mixmim {

namespace {

/// Buffers of the official modules, which follow from the dimensions.
class Buffers {
 public:
  explicit Buffers(const ModelConfig& model) : plan_(planOf(model)) {}

  /// The one that stands before a parameter: the mask of shifted windows before the norm that opens a block.
  void writeBefore(PthWriter& file, const std::string& parameter) const {
    for (const Stage& stage : plan_.stages)
      for (const Block& block : stage.blocks)
        if (block.shifted() && parameter == block.name + ".norm1.weight") {
          file.text(block.name + ".attn_mask");
          file.tensor(maskOf(stage, block));
        }
  }

  /// The one that stands behind a parameter: the index of a bias table.
  void writeBehind(PthWriter& file, const std::string& parameter) const {
    for (const Stage& stage : plan_.stages)
      for (const Block& block : stage.blocks)
        if (parameter == block.name + ".attn.relative_position_bias_table") {
          file.text(block.name + ".attn.relative_position_index");
          file.tensor(indexOf(block));
        }
  }

 private:
  static Tensor indexOf(const Block& block) {
    const cv::Mat index = relativePositionIndex(block.window);
    Tensor buffer = Tensor::zeros({index.rows, index.cols}, DType::kI64);
    std::copy(index.begin<int>(), index.end<int>(), buffer.as<int64_t>());
    return buffer;
  }

  static Tensor maskOf(const Stage& stage, const Block& block) {
    const cv::Mat mask = shiftMask(stage, block);
    const int64_t n = mask.cols;
    Tensor buffer = Tensor::zeros({stage.windowsOf(block), n, n});
    std::copy(mask.begin<float>(), mask.end<float>(), buffer.as<float>());
    return buffer;
  }

  const Plan plan_;
};

/// In the order of the official modules.
void writeModel(PthWriter& file, const TensorMap& weights, const Config& config) {
  const Buffers buffers(config.model);
  file.beginDict();
  for (const Parameter& parameter : parameters(config.model, config.run.task)) {
    const auto found = weights.find(parameter.name);
    if (found == weights.end()) throw Error("weights", "expected a tensor " + parameter.name);
    buffers.writeBefore(file, parameter.name);
    file.text(parameter.name);
    file.tensor(found->second);
    buffers.writeBehind(file, parameter.name);
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
