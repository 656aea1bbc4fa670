// From the configuration in a golden file to the model's settings.
#include <algorithm>
#include <map>

#include "model/plan.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

namespace {

/// One number per stage.
template <class Value>
std::vector<int> ofStages(const Plan& plan, const Value& value) {
  std::vector<int> values;
  for (const Stage& stage : plan.stages) values.push_back(value(stage));
  return values;
}

std::vector<int> windowsOf(const Plan& plan) {
  return ofStages(plan, [](const Stage& stage) { return stage.blocks.front().window.width; });
}

/// Of the last block of every stage: where a stage has two kinds of blocks, its last sees reduced keys.
std::vector<int> reductionsOf(const Plan& plan) {
  return ofStages(plan, [](const Stage& stage) { return stage.blocks.back().reduction; });
}

std::vector<int> listOf(const Golden& golden, const std::string& key) {
  return json::value_to<std::vector<int>>(golden.at("config." + key));
}

/// A number of the first stage: "dims" where the file lists all stages, "embed_dim" where it has the first's.
int firstOf(const Golden& golden, const std::string& list, const std::string& single) {
  if (golden.find("config." + list)) return listOf(golden, list).at(0);
  return golden.at("config." + single).to_number<int>();
}

/// The option from which Swin's windows follow.
int windowOption(ModelConfig model, const std::vector<int>& windows) {
  constexpr int kSmall = 7, kLarge = 14;
  model.window = kLarge;
  return windowsOf(planOf(model)) == windows ? kLarge : kSmall;
}

void setDecoder(ModelConfig& model, const Golden& golden) {
  const auto integer = [&](const char* key) {
    return golden.at(std::string("config.") + key).to_number<int>();
  };
  model.decoderDim = integer("decoder_dim");
  model.decoderDepth = integer("decoder_depth");
  model.decoderHeads = integer("decoder_num_heads");
  if (const json::value* normalised = golden.find("config.norm_pix_loss"))
    model.normPixLoss = normalised->as_bool();
}

void compareStages(Quantity& quantity, const Golden& golden, const std::string& key,
                   const std::vector<int>& ours) {
  const json::value* wanted = golden.find("config." + key);
  if (!wanted) return quantity.lacks("config." + key);
  const std::vector<double> numbers = numbersOf(*wanted);
  quantity.addExact(key + ", how many", static_cast<double>(ours.size()),
                    static_cast<double>(numbers.size()));
  for (size_t s = 0; s < std::min(ours.size(), numbers.size()); ++s)
    quantity.addExact(cv::format("%s of stage %zu", key.c_str(), s + 1), ours[s], numbers[s]);
}

/// Of stages with a shifted block: a file may name shifts that no block has.
void compareShifts(Quantity& quantity, const Golden& golden, const Plan& plan) {
  const json::value* wanted = golden.find("config.shift_size");
  if (!wanted) return quantity.lacks("config.shift_size");
  const std::vector<double> shifts = numbersOf(*wanted);
  quantity.addExact("shift_size, how many", static_cast<double>(plan.stages.size()),
                    static_cast<double>(shifts.size()));
  for (size_t s = 0; s < std::min(plan.stages.size(), shifts.size()); ++s) {
    const std::vector<Block>& blocks = plan.stages[s].blocks;
    if (blocks.size() > 1)
      quantity.addExact(cv::format("shift_size of stage %zu", s + 1), blocks[1].shift.width, shifts[s]);
  }
}

}  // namespace

std::string encoderNameOf(const Golden& golden) {
  const json::value* name = golden.find("config.encoder");
  return name ? std::string(name->as_string()) : "mixmim";
}

std::optional<Family> familyOf(const Golden& golden) {
  static const std::map<std::string, Family> known{{"mixmim", Family::kMixMim},
                                                   {"swin", Family::kSwin},
                                                   {"pvt", Family::kPvt},
                                                   {"twins_svt", Family::kTwinsSvt},
                                                   {"twins_pcpvt", Family::kTwinsPcpvt},
                                                   {"pvt_v2", Family::kPvtV2}};
  const auto found = known.find(encoderNameOf(golden));
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

Config configOf(const Golden& golden, Task task, const Report& report) {
  const std::optional<Family> family = familyOf(golden);
  if (!family) throw Error(golden.name + ".json", "this build has no encoder " + encoderNameOf(golden));
  Config config;
  config.run.task = task;
  report.conditions().applyTo(config);
  ModelConfig& model = config.model;
  model.name = golden.name;
  model.encoder = *family;
  const int side = golden.at("config.img_size").to_number<int>();
  model.imageSize = {side, side};
  model.embedDim = firstOf(golden, "dims", "embed_dim");
  if (*family == Family::kMixMim || *family == Family::kSwin) {
    model.mlpRatio = firstOf(golden, "mlp_ratios", "mlp_ratio");
  } else {  // the ratio of the decoder is another option
    model.dims = listOf(golden, "dims");
    model.mlpRatios = listOf(golden, "mlp_ratios");
  }
  model.depths = listOf(golden, "depths");
  model.headDim = model.embedDim / listOf(golden, "num_heads").at(0);
  if (task == Task::kPretrain) setDecoder(model, golden);
  if (task == Task::kFinetune) model.classes = golden.at("config.classes").to_number<int>();
  if (model.encoder == Family::kSwin) model.window = windowOption(model, listOf(golden, "window_size"));
  return config;
}

void checkConfig(const Golden& golden, const Config& config, Report& report) {
  Quantity quantity(report, golden.name + " heads and windows");
  const Plan plan = planOf(config.model);
  compareStages(quantity, golden, "num_heads",
                ofStages(plan, [](const Stage& stage) { return stage.heads; }));
  const bool windows = plan.stages.front().blocks.front().meeting == Meeting::kWindow;
  if (windows) compareStages(quantity, golden, "window_size", windowsOf(plan));
  if (config.model.encoder == Family::kMixMim) return;
  compareStages(quantity, golden, "dims", ofStages(plan, [](const Stage& stage) { return stage.dim; }));
  compareStages(quantity, golden, "mlp_ratios",
                ofStages(plan, [](const Stage& stage) { return stage.hidden / stage.dim; }));
  if (config.model.encoder == Family::kSwin) return compareShifts(quantity, golden, plan);
  compareStages(quantity, golden, "sr_ratios", reductionsOf(plan));
}

}  // namespace cv::mixmim::parity
