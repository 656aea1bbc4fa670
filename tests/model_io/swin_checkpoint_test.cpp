// Swin's weights as its authors, timm, mmpretrain and SimMIM write them, all made here: each must become the
// same model.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "model/plan.hpp"
#include "model_io/files/safetensors.hpp"
#include "model_io/open_checkpoint.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "pytorch/model_from_shapes.hpp"
#include "pytorch/official_optimizer.hpp"
#include "tests/model_io/foreign_files.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/parity_recipe.hpp"
#include "tests/support/pth_builder.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

/// Four stages, as narrow as can be.
Config swinOf(Task task, int imageSize, int window, std::vector<int> depths = {1, 2, 1, 1}) {
  Config config = resolve(task, {});
  ModelConfig& model = config.model;
  model.encoder = Family::kSwin;
  model.imageSize = {imageSize, imageSize};
  model.window = window;
  model.embedDim = model.headDim = 8;
  model.depths = std::move(depths);
  model.decoderDim = 16;
  model.decoderDepth = 1;
  model.decoderHeads = 2;
  if (task == Task::kFinetune) model.classes = 3;
  return config;
}

/// All values follow from the names.
TensorMap weightsOf(const Config& config) {
  return recipeWeights(config.model, config.run.task, /*seed=*/1);
}

/// Parts that shapes show.
void expectSameModel(const Config& read, const Config& written) {
  const ModelConfig &a = read.model, &b = written.model;
  EXPECT_EQ(read.run.task, written.run.task);
  EXPECT_EQ(a.encoder, b.encoder);
  EXPECT_EQ(a.imageSize, b.imageSize);
  EXPECT_EQ(a.window, b.window);
  EXPECT_EQ(a.patchSize, b.patchSize);
  EXPECT_EQ(a.embedDim, b.embedDim);
  EXPECT_EQ(a.depths, b.depths);
  EXPECT_EQ(a.headDim, b.headDim);
  EXPECT_EQ(a.mlpRatio, b.mlpRatio);
  EXPECT_EQ(a.classes, b.classes);
  if (written.run.task == Task::kFinetune) return;
  EXPECT_EQ(a.decoderDim, b.decoderDim);
  EXPECT_EQ(a.decoderDepth, b.decoderDepth);
  EXPECT_EQ(a.decoderHeads, b.decoderHeads);
}

struct Size {
  const char* name;
  Config config;
};

class SwinSizes : public ::testing::TestWithParam<Size> {};

TEST_P(SwinSizes, AreSeenInTheShapes) {
  const TempFolder folder;
  const TensorMap weights = weightsOf(GetParam().config);
  writeStateDict(folder / "a.pth", weights);
  writeSafetensors(folder / "a.safetensors", weights);
  for (const char* name : {"a.pth", "a.safetensors"}) {
    SCOPED_TRACE(name);
    expectSameModel(readCheckpointInfo(folder / name).config, GetParam().config);
    expectEqual(readWeights(folder / name), weights);
  }
}

Config withClasses(Config config, int classes) {
  config.model.classes = classes;
  return config;
}

INSTANTIATE_TEST_SUITE_P(Models, SwinSizes,
                         ::testing::Values(Size{"Windows7", swinOf(Task::kFinetune, 224, 7)},
                                           Size{"Windows14", swinOf(Task::kFinetune, 224, 14)},
                                           Size{"Windows6", swinOf(Task::kFinetune, 192, 7)},
                                           Size{"Windows8", swinOf(Task::kFinetune, 256, 7)},
                                           Size{"Windows12", swinOf(Task::kFinetune, 384, 7)},
                                           Size{"Windows24", swinOf(Task::kFinetune, 384, 14)},
                                           Size{"OneStage", swinOf(Task::kFinetune, 16, 7, {1})},
                                           Size{"TwoStages", swinOf(Task::kFinetune, 32, 14, {2, 1})},
                                           Size{"Encoder", withClasses(swinOf(Task::kFinetune, 224, 7), 0)},
                                           Size{"ImageNet22k",
                                                withClasses(swinOf(Task::kFinetune, 32, 7, {1, 1}), 21841)},
                                           Size{"Pretraining", swinOf(Task::kPretrain, 224, 14)},
                                           Size{"PretrainingSaysItsCells", swinOf(Task::kPretrain, 448, 7)}),
                         nameOfCase<Size>);

/// What timm calls a parameter.
std::string timmName(const std::string& official) {
  std::string name = official;
  for (const int stage : {2, 1, 0})
    name = replaced(name, fmt::format("layers.{}.downsample.", stage),
                    fmt::format("layers.{}.downsample.", stage + 1));
  return startsWith(name, "head.") ? replaced(name, "head.", "head.fc.") : name;
}

/// What mmpretrain calls a parameter.
std::string mmpretrainName(const std::string& official) {
  std::string name = official;
  for (const auto& [ours, theirs] : {std::pair{"patch_embed.proj.", "patch_embed.projection."},
                                     {"layers.", "stages."},
                                     {".attn.", ".attn.w_msa."},
                                     {".mlp.fc1.", ".ffn.layers.0.0."},
                                     {".mlp.fc2.", ".ffn.layers.1."}})
    name = replaced(name, ours, theirs);
  if (startsWith(name, "head.")) return replaced(name, "head.", "head.fc.");
  return "backbone." + (startsWith(name, "norm.") ? "norm3." + name.substr(5) : name);
}

/// Another program's spelling of an encoder with a classifier.
struct Spelling {
  const char* name;
  std::string (*nameOf)(const std::string& official);
  bool mergesByChannel;
  TensorMap besides;        ///< what else its files hold, and belongs to no model
  const char* notes;        ///< of ForeignCheckpoint
  const char* noOptimizer;  ///< why a run cannot be continued
};

class SwinSpellings : public ::testing::TestWithParam<Spelling> {
 protected:
  TensorMap theirs() const {
    TensorMap tensors = GetParam().besides;
    for (const auto& [name, tensor] : weights_) {
      const bool moved = GetParam().mergesByChannel && name.find(".downsample.") != std::string::npos;
      tensors[GetParam().nameOf(name)] = moved ? mmpretrainMerging(tensor) : tensor;
    }
    return tensors;
  }

  const TempFolder folder_;
  const Config config_ = swinOf(Task::kFinetune, 224, 7);
  const TensorMap weights_ = weightsOf(config_);
};

TEST_P(SwinSpellings, OfPthFilesBecomeTheOfficialOne) {
  const std::string path = folder_ / "a.pth";
  for (const char* key : {"", "model", "state_dict"}) {
    SCOPED_TRACE(key);
    writeStateDict(path, theirs(), key);
    expectEqual(readWeights(path), weights_);
    expectSameModel(readCheckpointInfo(path).config, config_);
  }
  std::string notes;
  for (const std::string& note : ForeignCheckpoint(path).notes()) notes += note;
  EXPECT_EQ(notes, GetParam().notes);
  MIXMIM_EXPECT_ERROR(
      readTrainerState(path),
      fmt::format("{}: {}; start from it with --init instead of --resume", path, GetParam().noOptimizer)
          .c_str());
}

TEST_P(SwinSpellings, OfPlainFilesBecomeTheOfficialOne) {
  const std::string path = folder_ / "a.safetensors";
  writeSafetensors(path, theirs());
  expectEqual(readWeights(path), weights_);
  expectSameModel(readCheckpointInfo(path).config, config_);
}

const char* const kNoState = "holds weights but no optimizer state";

INSTANTIATE_TEST_SUITE_P(
    Programs, SwinSpellings,
    ::testing::Values(
        Spelling{"Official",
                 [](const std::string& name) { return name; },
                 false,
                 {{"layers.0.blocks.0.attn.relative_position_index", Tensor::zeros({49, 49}, DType::kI64)},
                  {"layers.1.blocks.1.attn_mask", Tensor::zeros({16, 49, 49})}},
                 "",
                 kNoState},
        Spelling{
            "Wrapped", [](const std::string& name) { return "module." + name; }, false, {}, "", kNoState},
        Spelling{"Timm", timmName, false, {}, "", "is a file of timm, whose optimizer is not read"},
        Spelling{"Mmpretrain",
                 mmpretrainName,
                 true,
                 {{"backbone.stages.0.blocks.0.attn.w_msa.relative_position_index",
                   Tensor::zeros({49, 49}, DType::kI64)}},
                 "",
                 "is a file of mmpretrain, whose optimizer is not read"},
        Spelling{"MmpretrainSimMim",
                 mmpretrainName,
                 true,
                 {{"backbone.mask_token", Tensor::zeros({1, 1, 8})},
                  {"neck.decoder.0.weight", Tensor::zeros({3072, 64, 1, 1})}},
                 "of SimMIM's pretraining, not of MixMIM's, and not read: 'backbone.mask_token', "
                 "'neck.decoder.0.weight'",
                 "is a file of mmpretrain, whose optimizer is not read"},
        Spelling{"SimMim",
                 [](const std::string& name) { return "encoder." + name; },
                 false,
                 {{"encoder.mask_token", Tensor::zeros({1, 1, 8})},
                  {"decoder.0.weight", Tensor::zeros({3072, 64, 1, 1})},
                  {"decoder.0.bias", Tensor::zeros({3072})}},
                 "of SimMIM's pretraining, not of MixMIM's, and not read: 'decoder.0.bias', "
                 "'decoder.0.weight', 'encoder.mask_token'",
                 "is a file of SimMIM, whose optimizer is not read"}),
    nameOfCase<Spelling>);

/// The mask of shifted windows, as the official code computes it: regions of the rolled grid are numbered.
std::vector<float> officialMask(int grid, int window, int shift) {
  const auto bandOf = [&](int at) { return at < grid - window ? 0 : at < grid - shift ? 1 : 2; };
  const auto regionOf = [&](int windowIndex, int token) {
    const int across = grid / window;
    return 3 * bandOf(windowIndex / across * window + token / window) +
           bandOf(windowIndex % across * window + token % window);
  };
  std::vector<float> mask;
  const int tokens = window * window, windows = grid * grid / tokens;
  for (int w = 0; w < windows; ++w)
    for (int i = 0; i < tokens; ++i)
      for (int j = 0; j < tokens; ++j) mask.push_back(regionOf(w, i) == regionOf(w, j) ? 0.f : -100.f);
  return mask;
}

/// The names of a state dict of the official class.
std::vector<std::string> officialOrder() {
  std::vector<std::string> names;
  const auto add = [&](const std::string& prefix, std::initializer_list<const char*> list) {
    for (const char* name : list) names.push_back(prefix + name);
  };
  const auto addBlock = [&](const std::string& block) {
    add(block + "norm1.", {"weight", "bias"});
    add(block + "attn.", {"relative_position_bias_table", "relative_position_index", "qkv.weight", "qkv.bias",
                          "proj.weight", "proj.bias"});
    add(block + "norm2.", {"weight", "bias"});
    add(block + "mlp.", {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"});
  };
  add("patch_embed.", {"proj.weight", "proj.bias", "norm.weight", "norm.bias"});
  addBlock("layers.0.blocks.0.");
  add("layers.0.blocks.1.", {"attn_mask"});
  addBlock("layers.0.blocks.1.");
  add("layers.0.downsample.", {"reduction.weight", "norm.weight", "norm.bias"});
  addBlock("layers.1.blocks.0.");
  addBlock("layers.1.blocks.1.");
  add("", {"norm.weight", "norm.bias", "head.weight", "head.bias"});
  return names;
}

TEST(SwinCheckpoint, IsWrittenAsTheOfficialClassNamesIt) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  CheckpointInfo info;
  info.config = swinOf(Task::kFinetune, 32, 7, {2, 2});
  const TensorMap weights = weightsOf(info.config);
  writeOfficialPth(path, {weights, {}}, info, PthContent::kWeights);

  const PthFile file(path);
  std::vector<std::string> names;
  for (const auto& item : find<PthDict>(file.root(), "model")->items)
    names.emplace_back(*item.first->as<std::string_view>());
  EXPECT_EQ(names, officialOrder());

  const auto tensorOf = [&](const char* name) {
    return file.tensor(*find<PthTensor>(find(*file.root()->as<PthDict>(), "model"), name));
  };
  const Tensor mask = tensorOf("layers.0.blocks.1.attn_mask");
  EXPECT_EQ(mask.dtype, DType::kF32);
  EXPECT_EQ(mask.shape, (std::vector<int64_t>{4, 16, 16}));
  EXPECT_EQ(std::vector<float>(mask.as<float>(), mask.as<float>() + mask.elements()), officialMask(8, 4, 2));
  const Tensor index = tensorOf("layers.1.blocks.1.attn.relative_position_index");
  EXPECT_EQ(index.dtype, DType::kI64);
  EXPECT_EQ(index.shape, (std::vector<int64_t>{16, 16}));
  EXPECT_EQ(index.as<int64_t>()[0 * 16 + 15], 0);
  EXPECT_EQ(index.as<int64_t>()[15 * 16 + 0], 48);
  expectEqual(readWeights(path), weights);
}

TEST(SwinCheckpoint, WhatWeWriteComesBack) {
  const TempFolder folder;
  CheckpointInfo info;
  info.config = swinOf(Task::kFinetune, 416, 14);  // of a size that shapes do not show
  const TrainerState state = stateOf(info.config);
  writeOfficialPth(folder / "a.pth", state, info, PthContent::kWeightsAndOptimizer);
  const TrainerState read = readTrainerState(folder / "a.pth");
  expectEqual(read.weights, state.weights);
  expectEqual(read.optimizer, state.optimizer);
  EXPECT_EQ(toJson(readCheckpointInfo(folder / "a.pth").config), toJson(info.config));
}

/// {"model": ..., "optimizer": ...}, without settings of ours.
void writeTrainingFile(const std::string& path, const TensorMap& weights,
                       const std::function<void(PthWriter&)>& writeOptimizer) {
  PthWriter file(path);
  file.beginDict();
  file.text("model"), file.beginDict();
  for (const std::string& name : officialOrder())
    if (const auto found = weights.find(name); found != weights.end())
      file.text(name), file.tensor(found->second);
  file.end();
  file.text("optimizer");
  writeOptimizer(file);
  file.end();
  file.commit();
}

/// SimMIM's fine-tuning has the groups of ours, the authors' own training has two.
TEST(SwinCheckpoint, AnOptimizerIsReadWhereItsGroupsAreOurs) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  const Config config = swinOf(Task::kFinetune, 32, 7, {2, 2});
  const TrainerState state = stateOf(config);
  writeTrainingFile(path, state.weights,
                    [&](PthWriter& file) { writeOfficialOptimizer(file, state.optimizer, config); });
  const TrainerState read = readTrainerState(path);
  expectEqual(read.weights, state.weights);
  expectEqual(read.optimizer, state.optimizer);
  EXPECT_EQ(readCheckpointInfo(path).step, 1234);

  writeTrainingFile(path, state.weights, [](PthWriter& file) {
    file.beginDict();
    file.text("param_groups"), file.beginList();
    for (int group = 0; group < 2; ++group) file.beginDict(), file.end();
    file.end(), file.end();
  });
  MIXMIM_EXPECT_ERROR(
      readTrainerState(path),
      (path + ": expected 12 groups in the optimizer, got 2; start from its weights with --init").c_str());
}

/// A Swin of the option 14 has the shapes of a MixMIM without its position embedding.
TEST(SwinCheckpoint, IsAMixMimWithoutPositions) {
  const TempFolder folder;
  const Config mixMim = resolve(Task::kFinetune, {{"size", "224", ""}, {"model", "tiny", ""}});
  TensorMap weights = weightsOf(mixMim);
  weights.erase("absolute_pos_embed");
  writeStateDict(folder / "a.pth", weights);
  const ModelConfig model = readCheckpointInfo(folder / "a.pth").config.model;
  EXPECT_EQ(model.encoder, Family::kSwin);
  EXPECT_EQ(model.window, 14);
}

struct BrokenSwin {
  const char* name;
  Config config;
  void (*change)(TensorMap&);
  const char* message;  ///< behind the path
};

class BrokenSwins : public ::testing::TestWithParam<BrokenSwin> {};

TEST_P(BrokenSwins, AreNamed) {
  const TempFolder folder;
  TensorMap weights = weightsOf(GetParam().config);
  GetParam().change(weights);
  writeStateDict(folder / "a.pth", weights);
  writeSafetensors(folder / "a.safetensors", weights);
  for (const char* name : {"a.pth", "a.safetensors"})
    MIXMIM_EXPECT_ERROR(readCheckpointInfo(folder / name),
                        fmt::format("{}: {}", std::string(folder / name), GetParam().message).c_str());
}

INSTANTIATE_TEST_SUITE_P(
    Models, BrokenSwins,
    ::testing::Values(
        BrokenSwin{"Missing", swinOf(Task::kFinetune, 224, 7), [](TensorMap& w) { w.erase("norm.bias"); },
                   "is not a complete Swin model at 224 px: norm.bias is missing"},
        BrokenSwin{"FirstStageMissing", swinOf(Task::kFinetune, 224, 7),
                   [](TensorMap& w) { w.erase("layers.0.blocks.0.norm1.weight"); },
                   "does not say which model it holds: expected a tensor layers.0.blocks.0.norm1.weight of 1 "
                   "dimensions, got none; pretrain and finetune can be told with --model"},
        BrokenSwin{
            "OtherWindows", swinOf(Task::kFinetune, 224, 7),
            [](TensorMap& w) {
              w["layers.2.blocks.0.attn.relative_position_bias_table"] = Tensor::zeros({19 * 19, 4});
            },
            "is not a complete Swin model at 224 px: layers.2.blocks.0.attn.relative_position_bias_table "
            "expected [169, 4], got [361, 4]"},
        BrokenSwin{"ImageOfUnknownSize", swinOf(Task::kFinetune, 416, 7), [](TensorMap&) {},
                   "does not say how large its images are: expected windows of at most 12 tokens per axis in "
                   "the last stage, got 13; pretrain and finetune can be told with --model and --size"}),
    nameOfCase<BrokenSwin>);

/// Seven stages are more than a model may have.
TEST(SwinCheckpoint, TooManyStagesAreRefused) {
  const TempFolder folder;
  TensorMap weights = weightsOf(swinOf(Task::kFinetune, 32, 7, {1, 1}));
  for (int stage = 2; stage < 7; ++stage)
    weights[fmt::format("layers.{}.blocks.0.norm1.weight", stage)] = Tensor::zeros({8});
  for (const int stage : {5, 6})
    weights[fmt::format("layers.{}.blocks.0.attn.relative_position_bias_table", stage)] =
        Tensor::zeros({49, 1});
  const std::string path = folder / "a.pth";
  writeStateDict(path, weights);
  MIXMIM_EXPECT_ERROR(
      readCheckpointInfo(path),
      (path + ": its tensors have sizes that no Swin model has: model.depths: expected 1 to 6 "
              "stages, got 7; write one number of blocks per stage, as in 2,2,18,2")
          .c_str());
}

TEST(SwinCheckpoint, WeightsOfAnotherFamilyAreNamed) {
  const TempFolder folder;
  const std::string path = folder / "a.pth";
  Config mixMim = resolve(Task::kFinetune, {{"model", "tiny", ""}}), swin = swinOf(Task::kFinetune, 224, 7);
  swin.model.name = "narrow";
  writeStateDict(path, weightsOf(swin));
  expectEqual(readWeights(path, swin.model), weightsOf(swin));
  MIXMIM_EXPECT_ERROR(readWeights(path, mixMim.model),
                      (path + ": expected weights of MixMIM for the model tiny, got those of Swin; without "
                              "--model the file says which model it is")
                          .c_str());
  writeStateDict(path, weightsOf(mixMim));
  expectEqual(readWeights(path, mixMim.model), weightsOf(mixMim));
  MIXMIM_EXPECT_ERROR(readWeights(path, swin.model),
                      (path + ": expected weights of Swin for the model narrow, got those of MixMIM; without "
                              "--model the file says which model it is")
                          .c_str());
}

TEST(SwinCheckpoint, OfTheSecondVersionIsRefused) {
  const TempFolder folder;
  const TensorMap weights{{"patch_embed.proj.weight", Tensor::zeros({1})},
                          {"layers.0.blocks.0.attn.logit_scale", Tensor::zeros({1})}};
  writeStateDict(folder / "a.pth", weights);
  writeSafetensors(folder / "a.safetensors", weights);
  for (const char* name : {"a.pth", "a.safetensors"})
    MIXMIM_EXPECT_ERROR(readWeights(folder / name),
                        fmt::format("{}: expected weights of MixMIM, Swin, PVT, PVTv2 or Twins, got those of "
                                    "Swin V2; this encoder is not supported",
                                    std::string(folder / name))
                            .c_str());
}

}  // namespace
}  // namespace cv::mixmim::test
