// Files of the official code, of mmpretrain and plain state dicts, all made here: each must become the same
// model.
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "model/parameters.hpp"
#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/model_io/foreign_files.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/pth_builder.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

struct Model {
  const char* name;
  Task task;
  std::vector<Setting> settings;
};

Config configOf(const Model& model) {
  return resolve(model.task, model.settings);
}

const Model kTinyPretrain{"TinyPretrain", Task::kPretrain, {{"model", "tiny", ""}}};
const Model kSmallFinetune{"SmallFinetune",
                           Task::kFinetune,
                           {{"model", "small", ""}, {"size", "64", ""}, {"model.classes", "3", ""}}};

class ForeignModels : public ::testing::TestWithParam<Model> {};

TEST_P(ForeignModels, WhatWeWriteComesBack) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  CheckpointInfo info;
  info.config = configOf(GetParam());
  info.epoch = 3.5;
  for (int i = 0; i < info.config.model.classes; ++i) info.labels.push_back(fmt::format("class {}", i));
  const TrainerState state = stateOf(info.config);
  writeOfficialPth(path, state, info, PthContent::kWeightsAndOptimizer);

  const TrainerState read = readTrainerState(path);
  expectEqual(read.weights, state.weights);
  expectEqual(read.optimizer, state.optimizer);
  expectEqual(readWeights(path), state.weights);
  const CheckpointInfo about = readCheckpointInfo(path);
  EXPECT_EQ(toJson(about.config), toJson(info.config));
  EXPECT_EQ(about.labels, info.labels);
  EXPECT_EQ(about.step, 1234);
  EXPECT_EQ(about.epoch, 3);
  EXPECT_TRUE(ForeignCheckpoint(path).notes().empty());
}

/// Dimensions are seen in the shapes where nothing else tells them.
TEST_P(ForeignModels, IsRecognisedByItsShapes) {
  const TempFolder folder;
  const Config config = configOf(GetParam());
  const TensorMap weights = initialWeights(config.model, config.run.task, 7);
  writeStateDict(folder / "a.pth", weights);
  const CheckpointInfo info = readCheckpointInfo(folder / "a.pth");
  EXPECT_EQ(info.config.run.task, config.run.task);
  EXPECT_EQ(toJson(info.config), toJson(config));
  expectEqual(readWeights(folder / "a.pth"), weights);
}

INSTANTIATE_TEST_SUITE_P(
    Models, ForeignModels,
    ::testing::Values(kTinyPretrain, kSmallFinetune,
                      Model{"OtherDimensions",
                            Task::kPretrain,
                            {{"size", "32", ""},
                             {"model.patchSize", "2", ""},
                             {"model.embedDim", "24", ""},
                             {"model.depths", "1,2,1", ""},
                             {"model.headDim", "8", ""},
                             {"model.mlpRatio", "3", ""},
                             {"model.decoderDim", "32", ""},
                             {"model.decoderDepth", "2", ""},
                             {"model.decoderHeads", "4", ""}}},
                      Model{"Encoder", Task::kFinetune, {{"model", "tiny", ""}}},
                      Model{"Larger",
                            Task::kFinetune,
                            {{"model", "tiny", ""}, {"size", "384", ""}, {"model.classes", "2", ""}}}),
    nameOfCase<Model>);

TEST(ForeignCheckpoint, OfficialFilesHaveTheirBuffers) {
  const TempFolder folder;
  CheckpointInfo info;
  info.config = configOf(kTinyPretrain);
  writeOfficialPth(folder / "a.pth", stateOf(info.config), info, PthContent::kWeights);
  const PthFile file(folder / "a.pth");
  const auto* model = find<PthDict>(file.root(), "model");
  ASSERT_TRUE(model);
  const size_t blocks = 1 + 1 + 2 + 1, count = parameters(info.config.model, Task::kPretrain).size();
  ASSERT_EQ(model->items.size(), count + blocks);
  for (size_t i = 0; i < model->items.size(); ++i) {
    const std::string name(*model->items[i].first->as<std::string_view>());
    if (name.find("relative_position_index") == std::string::npos) continue;
    const std::string before(*model->items[i - 1].first->as<std::string_view>());
    EXPECT_EQ(before, name.substr(0, name.rfind('.')) + ".relative_position_bias_table");
  }
  const Tensor index = file.tensor(*find<PthTensor>(PthValue(find(*file.root()->as<PthDict>(), "model")),
                                                    "layers.3.blocks.0.attn.relative_position_index"));
  EXPECT_EQ(index.dtype, DType::kI64);
  EXPECT_EQ(index.shape, (std::vector<int64_t>{49, 49}));
  EXPECT_EQ(index.as<int64_t>()[0], 6 * 13 + 6);
  EXPECT_EQ(find<PthDict>(file.root(), "optimizer"), nullptr);
  MIXMIM_EXPECT_ERROR(
      readTrainerState(folder / "a.pth"),
      (std::string(folder / "a.pth") +
       ": holds weights but no optimizer state; start from it with --init instead of --resume")
          .c_str());
}

/// What mmpretrain calls a parameter.
std::string mmpretrainName(const std::string& official) {
  std::string name = official;
  for (const auto& [ours, theirs] : {std::pair{".norm1.", ".ln1."},
                                     {".norm2.", ".ln2."},
                                     {".mlp.fc1.", ".ffn.layers.0.0."},
                                     {".mlp.fc2.", ".ffn.layers.1."}})
    name = replaced(name, ours, theirs);
  if (name.rfind("head.", 0) == 0) return replaced(name, "head.", "head.fc.");
  if (name.rfind("decoder_norm.", 0) == 0) return replaced(name, "decoder_norm.", "neck.ln1.");
  if (name.rfind("decoder_", 0) == 0 || name == "mask_token") return "neck." + name;
  return "backbone." + replaced(name, "patch_embed.proj.", "patch_embed.projection.");
}

class Mmpretrain : public ::testing::TestWithParam<Model> {};

TEST_P(Mmpretrain, BecomesTheOfficialModel) {
  const TempFolder folder;
  const Config config = configOf(GetParam());
  const TensorMap weights = stateOf(config).weights;
  PthWriter file(folder / "a.pth");
  file.beginDict();
  file.text("meta"), file.beginDict(), file.text("dataset_meta"), file.beginDict();
  file.text("classes"), file.beginTuple();
  for (const char* label : {"cat", "dog", "eel"}) file.text(label);
  file.end(), file.end(), file.end();
  file.text("state_dict"), file.beginDict();
  for (const auto& [name, tensor] : weights) {
    file.text(mmpretrainName(name));
    file.tensor(name.find(".downsample.") == std::string::npos ? tensor : mmpretrainMerging(tensor));
  }
  file.text("backbone.layers.0.blocks.0.attn.relative_position_index");
  file.tensor(Tensor::zeros({2, 2}, DType::kI64));
  file.end(), file.end();
  file.commit();

  expectEqual(readWeights(folder / "a.pth"), weights);
  const CheckpointInfo info = readCheckpointInfo(folder / "a.pth");
  EXPECT_EQ(toJson(info.config), toJson(config));
  const bool finetuned = config.run.task == Task::kFinetune;
  EXPECT_EQ(info.labels,
            finetuned ? (std::vector<std::string>{"cat", "dog", "eel"}) : std::vector<std::string>{});
  const std::vector<std::string> note{
      "mmpretrain's decoder was trained with a norm epsilon of 1e-6, here it is 1e-5"};
  EXPECT_EQ(ForeignCheckpoint(folder / "a.pth").notes(), finetuned ? std::vector<std::string>{} : note);
  MIXMIM_EXPECT_ERROR(
      readTrainerState(folder / "a.pth"),
      (std::string(folder / "a.pth") + ": is a file of mmpretrain, whose optimizer is not read; start "
                                       "from it with --init instead of --resume")
          .c_str());
}

INSTANTIATE_TEST_SUITE_P(Models, Mmpretrain, ::testing::Values(kTinyPretrain, kSmallFinetune),
                         nameOfCase<Model>);

TEST(ForeignCheckpoint, PrefixesOfWrappersAreDropped) {
  const TempFolder folder;
  const TensorMap weights = stateOf(configOf(kSmallFinetune)).weights;
  TensorMap wrapped;
  for (const auto& [name, tensor] : weights) wrapped["module." + name] = tensor;
  for (const char* key : {"", "model", "state_dict"}) {
    writeStateDict(folder / "a.pth", wrapped, key);
    expectEqual(readWeights(folder / "a.pth"), weights);
  }
}

TEST(ForeignCheckpoint, NamesThatNoModelHasAreKept) {
  const TempFolder folder;
  TensorMap weights = stateOf(configOf(kSmallFinetune)).weights;
  weights["fc.weight"] = Tensor::zeros({2}, DType::kI64);
  writeStateDict(folder / "a.pth", weights);
  expectEqual(readWeights(folder / "a.pth"), weights);
}

struct Number {
  const char* name;
  DType dtype;
  std::string bytes;  ///< of 1.5
};

class ForeignNumbers : public ::testing::TestWithParam<Number> {};

TEST_P(ForeignNumbers, BecomeFloat32) {
  const TempFolder folder;
  Tensor tensor = Tensor::zeros({1}, GetParam().dtype);
  std::copy(GetParam().bytes.begin(), GetParam().bytes.end(), tensor.as<char>());
  const TensorMap tensors{{"patch_embed.norm.bias", tensor}};
  writeStateDict(folder / "a.pth", tensors);
  writeSafetensors(folder / "a.safetensors", tensors);
  for (const char* name : {"a.pth", "a.safetensors"}) {
    const TensorMap weights = readWeights(folder / name);
    EXPECT_EQ(weights.at("patch_embed.norm.bias").dtype, DType::kF32);
    EXPECT_EQ(*weights.at("patch_embed.norm.bias").as<float>(), 1.5f);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, ForeignNumbers,
                         ::testing::Values(Number{"F16", DType::kF16, {0, 0x3e}},
                                           Number{"BF16", DType::kBF16, {'\xc0', 0x3f}},
                                           Number{"F64", DType::kF64, {0, 0, 0, 0, 0, 0, '\xf8', 0x3f}}),
                         nameOfCase<Number>);

struct Broken {
  const char* name;
  void (*change)(TensorMap&);
  const char* message;  ///< behind the path
};

class BrokenModels : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenModels, AreNamed) {
  const TempFolder folder;
  TensorMap weights = stateOf(configOf(kSmallFinetune)).weights;
  GetParam().change(weights);
  writeStateDict(folder / "a.pth", weights);
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(folder / "a.pth"),
                      (std::string(folder / "a.pth") + ": " + GetParam().message).c_str());
}

INSTANTIATE_TEST_SUITE_P(
    Models, BrokenModels,
    ::testing::Values(
        Broken{"Missing", [](TensorMap& w) { w.erase("norm.bias"); },
               "is not a complete MixMIM model at 64 px: norm.bias is missing"},
        Broken{"OtherShape", [](TensorMap& w) { w["head.bias"] = Tensor::zeros({4}); },
               "is not a complete MixMIM model at 64 px: head.bias expected [3], got [4]"},
        Broken{"ManyMissing",
               [](TensorMap& w) {
                 for (const char* name : {"qkv.weight", "qkv.bias", "proj.weight", "proj.bias"})
                   w.erase(std::string("layers.2.blocks.3.attn.") + name);
                 w.erase("norm.bias"), w.erase("norm.weight");
               },
               "is not a complete MixMIM model at 64 px: layers.2.blocks.3.attn.qkv.weight is missing, "
               "layers.2.blocks.3.attn.qkv.bias is missing, layers.2.blocks.3.attn.proj.weight is missing, "
               "layers.2.blocks.3.attn.proj.bias is missing, norm.weight is missing and 1 more"},
        Broken{"NoTables",
               [](TensorMap& w) { w.erase("layers.0.blocks.0.attn.relative_position_bias_table"); },
               "does not say which model it holds: expected a tensor "
               "layers.0.blocks.0.attn.relative_position_bias_table of 2 dimensions, got none; pretrain and "
               "finetune can be told with --model"},
        Broken{"OddImage",
               [](TensorMap& w) {
                 w["absolute_pos_embed"] = Tensor::zeros({1, 25, 32});
               },
               "its tensors have sizes that no MixMIM model has: model.imageSize: expected a multiple of the "
               "stride 16 "
               "(patchSize 4 * 2^2), got 20; try 16"},
        Broken{"NoModel",
               [](TensorMap& w) {
                 w = {{"fc.weight", Tensor::zeros({2})}};
               },
               "holds no weights of MixMIM, Swin, PVT, PVTv2 or Twins: it has 1 entries, which begin "
               "with 'fc.weight'"}),
    nameOfCase<Broken>);

/// Files that are not dictionaries of tensors.
TEST(ForeignCheckpoint, OtherFilesAreNamed) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  const auto expect = [&](auto write, const std::string& message) {
    PthWriter file(path);
    write(file);
    file.commit();
    MIXMIM_EXPECT_ERROR(readWeights(path), (path + ": " + message).c_str());
  };
  expect([](PthWriter& file) { file.integer(7); }, "expected a dictionary with weights, got the number 7");
  expect([](PthWriter& file) { file.beginDict(), file.text("model"), file.real(0.5), file.end(); },
         "expected a dictionary of weights as 'model', got the number 0.5");
  expect(
      [](PthWriter& file) {
        file.beginDict(), file.text("model"), file.beginDict(), file.text("norm.bias"), file.text("none"),
            file.end();
        file.end();
      },
      "'norm.bias': expected a tensor, got the text 'none'");
  expect(
      [](PthWriter& file) { file.beginDict(), file.integer(1), file.tensor(Tensor::zeros({1})), file.end(); },
      "expected names of weights, got the number 1");
  expect(
      [](PthWriter& file) {
        file.beginDict();
        for (int i = 0; i < 2; ++i) file.text("norm.bias"), file.tensor(Tensor::zeros({1}));
        file.end();
      },
      "'norm.bias' is there twice");
}

/// An official file whose optimizer does not belong to its model.
TEST(ForeignCheckpoint, OptimizersThatDoNotFitAreNamed) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  const TensorMap weights = stateOf(configOf(kSmallFinetune)).weights;
  const auto expect = [&](auto writeOptimizer, const std::string& message) {
    PthWriter file(path);
    file.beginDict();
    file.text("model"), file.beginDict();
    for (const auto& [name, tensor] : weights) file.text(name), file.tensor(tensor);
    file.end();
    file.text("optimizer"), file.beginDict();
    writeOptimizer(file);
    file.end(), file.end();
    file.commit();
    MIXMIM_EXPECT_ERROR(readTrainerState(path), (path + ": " + message).c_str());
  };
  expect([](PthWriter&) {}, "expected a list param_groups in the optimizer");
  expect([](PthWriter& file) { file.text("param_groups"), file.beginList(), file.end(); },
         "expected 16 groups in the optimizer, got 0; start from its weights with --init");
  expect(
      [](PthWriter& file) {
        file.text("param_groups"), file.beginList();
        for (int group = 0; group < 16; ++group) file.beginDict(), file.end();
        file.end();
      },
      "expected 11 parameters of group 0 in the optimizer, got 0; start from its weights with --init");
}

/// Moments under wrong numbers would fit by chance only.
TEST(ForeignCheckpoint, MomentsOfOtherShapesAreNamed) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  CheckpointInfo info;
  info.config = configOf(kSmallFinetune);
  TrainerState state = stateOf(info.config);
  state.optimizer["norm.bias.exp_avg"] = Tensor::zeros({5});
  writeOfficialPth(path, state, info, PthContent::kWeightsAndOptimizer);
  MIXMIM_EXPECT_ERROR(
      readTrainerState(path),
      (path + ": expected exp_avg of norm.bias in the optimizer, of shape [128], got another tensor or none")
          .c_str());
}

TEST(ForeignCheckpoint, OneTensorUnderTwoNamesIsRefused) {
  const TempFolder folder;
  const std::string path = folder / "a.pth", memo("q\x00h\x00", 4);
  const std::string pickle = Pickle()
                                 .op("}(")
                                 .word("norm.bias")
                                 .tensor(6, 0, {6}, {1})
                                 .op(memo.substr(0, 2))
                                 .word("norm.weight")
                                 .op(memo.substr(2))
                                 .op("u")
                                 .end();
  writeFile(path, pthOf(pickle, std::string(24, '\1')));
  MIXMIM_EXPECT_ERROR(readWeights(path), (path + ": 'norm.weight' is the same tensor as another").c_str());
}

/// The rate of a step, which averages the gradients of several batches; scaled layer by layer.
TEST(ForeignCheckpoint, OptimizerGroupsHaveTheRateOfAWholeStep) {
  const TempFolder folder;
  CheckpointInfo info;
  info.config = resolve(Task::kFinetune, {{"model", "small", ""},
                                          {"size", "64", ""},
                                          {"model.classes", "3", ""},
                                          {"batch", "32", ""},
                                          {"optim.accumulate", "4", ""},
                                          {"optim.baseLr", "1e-3", ""},
                                          {"optim.layerDecay", "0.5", ""}});
  writeOfficialPth(folder / "a.pth", stateOf(info.config), info, PthContent::kWeightsAndOptimizer);
  const PthFile file(folder / "a.pth");
  const auto* groups = find<PthList>(find(*file.root()->as<PthDict>(), "optimizer"), "param_groups");
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->items.size(), 16);
  double largest = 0;
  for (const PthValue group : groups->items) {
    const double rate = *find<double>(group, "lr");
    EXPECT_DOUBLE_EQ(rate, 1e-3 * 32 * 4 / 256 * *find<double>(group, "lr_scale"));
    largest = std::max(largest, rate);
  }
  EXPECT_DOUBLE_EQ(largest, 1e-3 * 32 * 4 / 256 * 0.5);
}

TEST(ForeignCheckpoint, MomentsThatAreMissingAreNamedWhenWriting) {
  const TempFolder folder;
  CheckpointInfo info;
  info.config = configOf(kSmallFinetune);
  TrainerState state = stateOf(info.config);
  state.optimizer.erase("norm.bias.exp_avg");
  MIXMIM_EXPECT_ERROR(writeOfficialPth(folder / "a.pth", state, info, PthContent::kWeightsAndOptimizer),
                      "optimizer state: expected exp_avg of norm.bias");
  state.weights.erase("norm.bias");
  MIXMIM_EXPECT_ERROR(writeOfficialPth(folder / "a.pth", state, info, PthContent::kWeights),
                      "weights: expected a tensor norm.bias");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.pth"));
}

}  // namespace
}  // namespace cv::mixmim::test
