// PVT, Twins and PVTv2: sizes, names and order against the published code.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/parameters.hpp"
#include "model/plan.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim::test {
namespace {

/// A published size, and how many numbers its parameters have: encoder, classifier of 1000 classes,
/// pretraining model with the paper's decoder; and how many tensors the classifier has.
struct Size {
  const char* name;
  int64_t encoderCount, classifier, pretraining;
  size_t tensors;
};

const Size kSizes[] = {
    {"pvt_tiny", 12716288, 13229288, 39800576, 161},
    {"pvt_small", 23972864, 24485864, 51057152, 301},
    {"pvt_medium", 43695104, 44208104, 70779392, 517},
    {"pvt_large", 60856320, 61369320, 87940608, 751},
    {"twins_svt_s", 23547776, 24060776, 50632064, 290},
    {"twins_svt_b", 55301952, 56070952, 82517312, 384},
    {"twins_svt_l", 98246400, 99271400, 125592832, 384},
    {"twins_pcpvt_s", 23593216, 24106216, 50677504, 304},
    {"twins_pcpvt_b", 43315456, 43828456, 70399744, 520},
    {"twins_pcpvt_l", 60476672, 60989672, 87560960, 754},
    {"pvt_v2_b0", 3409760, 3666760, 30362976, 178},
    {"pvt_v2_b1", 13496000, 14009000, 40580288, 178},
    {"pvt_v2_b2", 24849856, 25362856, 51934144, 334},
    {"pvt_v2_b3", 44725696, 45238696, 71809984, 574},
    {"pvt_v2_b4", 62043072, 62556072, 89127360, 834},
    {"pvt_v2_b5", 81443008, 81956008, 108527296, 1054},
};

ModelConfig modelNamed(const std::string& name) {
  ModelConfig model = resolve(Task::kPretrain, {{"model", name, ""}}).model;
  model.classes = 1000;
  return model;
}

int64_t count(const std::vector<Parameter>& list) {
  int64_t sum = 0;
  for (const Parameter& parameter : list) {
    int64_t numbers = 1;
    for (const int64_t side : parameter.shape) numbers *= side;
    sum += numbers;
  }
  return sum;
}

class PublishedSize : public ::testing::TestWithParam<Size> {};

TEST_P(PublishedSize, HasItsParameters) {
  const ModelConfig model = modelNamed(GetParam().name);
  ModelConfig encoder = model;
  encoder.classes = 0;
  EXPECT_EQ(count(parameters(encoder, Task::kFinetune)), GetParam().encoderCount);
  EXPECT_EQ(count(parameters(model, Task::kFinetune)), GetParam().classifier);
  EXPECT_EQ(count(parameters(model, Task::kPretrain)), GetParam().pretraining);
  EXPECT_EQ(parameters(model, Task::kFinetune).size(), GetParam().tensors);
}

INSTANTIATE_TEST_SUITE_P(Table, PublishedSize, ::testing::ValuesIn(kSizes),
                         [](const auto& instance) { return std::string(instance.param.name); });

/// Names in registration order; of those that repeat, the first.
std::string beginningOf(const std::vector<Parameter>& list, size_t names, const std::string& from = "") {
  std::string text;
  bool begun = from.empty();
  for (const Parameter& parameter : list) {
    begun = begun || parameter.name == from;
    if (!begun || names == 0) continue;
    --names;
    text += (text.empty() ? "" : " ") + parameter.name;
  }
  return text;
}

TEST(Families, RegisterTheirParametersAsTheirCode) {
  const auto listOf = [](const char* name) { return parameters(modelNamed(name), Task::kFinetune); };
  EXPECT_EQ(
      beginningOf(listOf("pvt_tiny"), 12),
      "pos_embed1 pos_embed2 pos_embed3 pos_embed4 cls_token patch_embed1.proj.weight patch_embed1.proj.bias "
      "patch_embed1.norm.weight patch_embed1.norm.bias block1.0.norm1.weight block1.0.norm1.bias "
      "block1.0.attn.q.weight");
  EXPECT_EQ(beginningOf(listOf("pvt_tiny"), 14, "block1.0.attn.kv.bias"),
            "block1.0.attn.kv.bias block1.0.attn.proj.weight block1.0.attn.proj.bias block1.0.attn.sr.weight "
            "block1.0.attn.sr.bias block1.0.attn.norm.weight block1.0.attn.norm.bias block1.0.norm2.weight "
            "block1.0.norm2.bias block1.0.mlp.fc1.weight block1.0.mlp.fc1.bias block1.0.mlp.fc2.weight "
            "block1.0.mlp.fc2.bias block1.1.norm1.weight");
  EXPECT_EQ(beginningOf(listOf("pvt_tiny"), 5, "block4.1.mlp.fc2.bias"),
            "block4.1.mlp.fc2.bias norm.weight norm.bias head.weight head.bias");
  EXPECT_EQ(beginningOf(listOf("pvt_v2_b0"), 6, "block1.1.mlp.fc1.bias"),
            "block1.1.mlp.fc1.bias block1.1.mlp.dwconv.dwconv.weight block1.1.mlp.dwconv.dwconv.bias "
            "block1.1.mlp.fc2.weight block1.1.mlp.fc2.bias norm1.weight");
  EXPECT_EQ(beginningOf(listOf("pvt_v2_b0"), 4, "norm4.weight"),
            "norm4.weight norm4.bias head.weight head.bias");
  EXPECT_EQ(beginningOf(listOf("twins_svt_s"), 8, "patch_embeds.3.norm.weight"),
            "patch_embeds.3.norm.weight patch_embeds.3.norm.bias norm.weight norm.bias head.weight head.bias "
            "pos_block.0.proj.0.weight pos_block.0.proj.0.bias");
  EXPECT_EQ(
      beginningOf(listOf("twins_svt_s"), 14, "pos_block.3.proj.0.bias"),
      "pos_block.3.proj.0.bias blocks.0.0.norm1.weight blocks.0.0.norm1.bias blocks.0.0.norm2.weight "
      "blocks.0.0.norm2.bias blocks.0.0.mlp.fc1.weight blocks.0.0.mlp.fc1.bias blocks.0.0.mlp.fc2.weight "
      "blocks.0.0.mlp.fc2.bias blocks.0.0.attn.qkv.weight blocks.0.0.attn.qkv.bias "
      "blocks.0.0.attn.proj.weight blocks.0.0.attn.proj.bias blocks.0.1.norm1.weight");
  EXPECT_EQ(beginningOf(listOf("twins_pcpvt_s"), 6, "blocks.3.2.mlp.fc2.bias"),
            "blocks.3.2.mlp.fc2.bias norm.weight norm.bias head.weight head.bias pos_block.0.proj.0.weight");
}

const Parameter& find(const std::vector<Parameter>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& p) { return p.name == name; });
  if (found == list.end()) throw std::out_of_range(name);
  return *found;
}

struct Rule {
  const char *model, *name;
  std::vector<int64_t> shape;
  bool decays;
  int layer;
};

TEST(Families, TrainTheirParametersAsTheirCode) {
  const Rule rules[] = {
      {"pvt_tiny", "pos_embed1", {1, 3136, 64}, true, 0},
      {"pvt_tiny", "pos_embed4", {1, 50, 512}, true, 6},
      {"pvt_tiny", "cls_token", {1, 1, 512}, false, 6},
      {"pvt_tiny", "patch_embed2.proj.weight", {128, 64, 2, 2}, true, 2},
      {"pvt_tiny", "block2.1.attn.sr.weight", {128, 128, 4, 4}, true, 4},
      {"pvt_tiny", "norm.weight", {512}, false, 9},
      {"pvt_tiny", "head.weight", {1000, 512}, true, 9},
      {"twins_svt_s", "pos_block.2.proj.0.weight", {256, 1, 3, 3}, false, 5},
      {"twins_svt_s", "patch_embeds.2.norm.bias", {256}, false, 4},
      {"twins_svt_s", "norm.bias", {512}, false, 19},
      {"pvt_v2_b1", "patch_embed1.proj.weight", {64, 3, 7, 7}, true, 0},
      {"pvt_v2_b1", "patch_embed3.proj.weight", {320, 128, 3, 3}, true, 4},
      {"pvt_v2_b1", "norm2.weight", {128}, false, 4},
      {"pvt_v2_b1", "norm4.weight", {512}, false, 8},
      {"pvt_v2_b1", "block1.0.mlp.dwconv.dwconv.weight", {512, 1, 3, 3}, true, 1},
  };
  for (const auto& [model, name, shape, decays, layer] : rules) {
    const auto list = parameters(modelNamed(model), Task::kFinetune);
    const Parameter& parameter = find(list, name);
    EXPECT_EQ(parameter.shape, shape) << model << ' ' << name;
    EXPECT_EQ(parameter.decays, decays) << model << ' ' << name;
    EXPECT_EQ(parameter.layer, layer) << model << ' ' << name;
    EXPECT_TRUE(parameter.trainable);
  }
}

/// A depthwise convolution of 3 x 3 has a fan out of 9, and one of 7 x 7 to 64 channels one of 3136.
TEST(Families, StartAsTheirCode) {
  const auto v2 = parameters(modelNamed("pvt_v2_b1"), Task::kFinetune);
  EXPECT_EQ(find(v2, "block1.0.mlp.dwconv.dwconv.weight").bound, std::sqrt(2. / 9));
  EXPECT_EQ(find(v2, "patch_embed1.proj.weight").bound, std::sqrt(2. / 3136));
  EXPECT_EQ(find(v2, "patch_embed1.proj.weight").init, Init::kNormal);
  EXPECT_EQ(find(v2, "patch_embed1.proj.bias").init, Init::kZero);
  const auto pvt = parameters(modelNamed("pvt_tiny"), Task::kFinetune);
  EXPECT_EQ(find(pvt, "block1.0.attn.sr.weight").bound, 1 / std::sqrt(64. * 64));
  EXPECT_EQ(find(pvt, "block1.0.attn.sr.bias").init, Init::kUniform);
  EXPECT_EQ(find(pvt, "cls_token").init, Init::kNormal002);
}

/// Keys are mask cells at every stage and size; SVT's windows are Swin's.
TEST(Families, SeeCellsAndWindows) {
  for (const auto& [pixels, cells, window] :
       {std::tuple(224, 7, 7), {384, 12, 12}, {192, 6, 6}, {448, 14, 7}}) {
    ModelConfig model = modelNamed("twins_svt_s");
    model.imageSize = {pixels, pixels};
    const Plan plan = planOf(model);
    for (const Stage& stage : plan.stages)
      for (size_t n = 0; n < stage.blocks.size(); ++n) {
        const Block& block = stage.blocks[n];
        if (n % 2 == 0) {
          EXPECT_EQ(block.meeting, Meeting::kWindow);
          EXPECT_EQ(block.window, cv::Size(window, window));
          EXPECT_FALSE(block.shifted());
        } else {
          EXPECT_EQ(block.meeting, Meeting::kReduced);
          EXPECT_EQ(stage.grid / block.reduction, cv::Size(cells, cells));
        }
        EXPECT_TRUE(block.differences().empty());
      }
  }
}

TEST(Families, RefuseWhatDoesNotFit) {
  ModelConfig model = modelNamed("pvt_tiny");
  model.window = 7;
  MIXMIM_EXPECT_ERROR(
      planOf(model),
      "model.window: expected 0 for the encoder pvt, got 7; its windows follow from the image size");
  model = modelNamed("pvt_tiny");
  model.dims.pop_back();
  MIXMIM_EXPECT_ERROR(
      planOf(model),
      "model.dims: expected a number for each of 4 stages, got 3; as many as model.depths, or none");
  model = modelNamed("pvt_tiny");
  model.headDim = 48;
  MIXMIM_EXPECT_ERROR(
      planOf(model),
      "model.headDim: expected a divisor of the width 64, got 48; every stage has dim / headDim heads");
}

}  // namespace
}  // namespace cv::mixmim::test
