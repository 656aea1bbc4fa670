#include "onnx/encoder.hpp"

namespace cv::mixmim {

using Value = std::string;  // name of a tensor in the graph

std::vector<Value> OnnxEncoder::stages(const Value& image) {
  std::vector<Value> all;
  for (size_t s = 0; s < plan_.stages.size(); ++s) {
    const Stage& stage = plan_.stages[s];
    const bool last = s + 1 == plan_.stages.size();
    Value x = s == 0 ? embedded(image) : narrowed(all.back(), plan_.stages[s - 1], stage);
    for (const Block& block : stage.blocks) {
      x = run(x, block, stage);
      if (stage.position == Position::kConvolved && &block == &stage.blocks.front())
        x = plusConvolution(x, stage);
    }
    all.push_back(last || stage.norm.empty() ? x : layers_.normed(x, affineOf(weights_, stage.norm), stage));
  }
  return all;
}

Value OnnxEncoder::run(const Value& x, const Block& block, const Stage& stage) {
  const Value seen = block.meeting == Meeting::kReduced ? reducedAttention(x, block, stage)
                                                        : windowAttention(x, block, stage);
  const Value mixed = net_.add(block.name + ".attn.sum", x, seen);
  return net_.add(block.name + ".mlp.sum", mixed, mlp(mixed, block, stage));
}

}  // namespace cv::mixmim
