// Which model a file without a description holds, as far as names and shapes tell, for every family of
// encoders; and files that belong to none, or are hostile.
#include <functional>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "model_io/files/safetensors.hpp"
#include "model_io/open_checkpoint.hpp"
#include "pytorch/model_from_shapes.hpp"
#include "tests/model_io/encoder_models.hpp"
#include "tests/model_io/foreign_files.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

Shapes shapesOf(const Config& config) {
  Shapes shapes;
  for (const Parameter& parameter : parameters(config.model, config.run.task))
    shapes[parameter.name] = parameter.shape;
  return shapes;
}

class NamedModels : public ::testing::TestWithParam<std::string> {};

/// Without a tensor of their size. A classifier of Twins or PVTv2 fits pictures of any size.
TEST_P(NamedModels, AreKnownByTheirShapes) {
  for (const Task task : {Task::kPretrain, Task::kFinetune}) {
    Config config = resolve(task, {{"model", GetParam(), ""}, {"size", "384", ""}});
    const Shapes shapes = shapesOf(config);
    const Family family = config.model.encoder;
    const bool anySize =
        family == Family::kTwinsSvt || family == Family::kTwinsPcpvt || family == Family::kPvtV2;
    if (anySize && task == Task::kFinetune) config.model.imageSize = {224, 224};
    EXPECT_EQ(toJson(modelFromShapes(shapes, "a.pth")), toJson(config));
  }
}

INSTANTIATE_TEST_SUITE_P(All, NamedModels, ::testing::ValuesIn(modelNames()),
                         [](const auto& instance) { return instance.param; });

struct Model {
  const char *name, *encoder;
  Task task;
  const char* size;
};

class NarrowModels : public ::testing::TestWithParam<Model> {};

TEST_P(NarrowModels, AreSeenInTheShapesOnceTheHeadIsToldOf) {
  const auto& [name, encoder, task, size] = GetParam();
  const Config config = narrowModel(encoder, task, size);
  EXPECT_EQ(toJson(modelFromShapes(shapesOf(config), "a.pth", kNarrowHead)), toJson(config));
  checkShapes(shapesOf(config), config, "a.pth");
}

INSTANTIATE_TEST_SUITE_P(Sizes, NarrowModels,
                         ::testing::Values(Model{"Pvt224", "pvt", Task::kFinetune, "224"},
                                           Model{"Pvt384", "pvt", Task::kFinetune, "384"},
                                           Model{"PvtPretraining", "pvt", Task::kPretrain, "192"},
                                           Model{"SvtPretraining", "twins_svt", Task::kPretrain, "384"},
                                           Model{"PcpvtPretraining", "twins_pcpvt", Task::kPretrain, "96"},
                                           Model{"PvtV2Pretraining", "pvt_v2", Task::kPretrain, "448"}),
                         nameOfCase<Model>);

struct Broken {
  const char* name;
  Config config;
  std::function<void(TensorMap&)> change;
  int headDim;
  const char* message;  ///< behind the path
};

class BrokenEncoders : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenEncoders, AreNamed) {
  const TempFolder folder;
  TensorMap weights = weightsOf(GetParam().config);
  GetParam().change(weights);
  writeStateDict(folder / "a.pth", weights);
  writeSafetensors(folder / "a.safetensors", weights);
  for (const char* name : {"a.pth", "a.safetensors"})
    MIXMIM_EXPECT_ERROR(readCheckpointInfo(folder / name, GetParam().headDim),
                        fmt::format("{}: {}", std::string(folder / name), GetParam().message).c_str());
}

void keep(TensorMap&) {}

/// Erases what begins like that.
std::function<void(TensorMap&)> without(const std::string& start) {
  return [start](TensorMap& weights) {
    auto at = weights.lower_bound(start);
    while (at != weights.end() && at->first.compare(0, start.size(), start) == 0) at = weights.erase(at);
  };
}

/// The tensor becomes one of that shape.
std::function<void(TensorMap&)> with(const std::string& name, const std::vector<int64_t>& shape) {
  return [=](TensorMap& weights) { weights[name] = Tensor::zeros(shape); };
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenEncoders,
    ::testing::Values(
        Broken{
            "UnknownPvt", narrowModel("pvt"), keep, 0,
            "does not say how wide its attention heads are: no PVT of a known size has the widths "
            "8,16,24,32 and 1,1,2,2 blocks; pretrain, finetune and export can be told with --model.headDim"},
        Broken{
            "UnknownSvt", narrowModel("twins_svt"), keep, 0,
            "does not say how wide its attention heads are: no Twins-SVT of a known size has the widths "
            "8,16,24,32 and 2,2,2,2 blocks; pretrain, finetune and export can be told with --model.headDim"},
        Broken{
            "HeadsThatDoNotDivide", narrowModel("pvt_v2"), keep, 5,
            "its tensors have sizes that no PVTv2 model has: model.headDim: expected a divisor of the width "
            "8, got 5; every stage has dim / headDim heads"},
        Broken{"NoClassToken", narrowModel("pvt"), without("cls_token"), kNarrowHead,
               "is not a complete PVT model at 224 px: cls_token is missing"},
        Broken{"NoPositionOfOneStage", narrowModel("pvt"), without("pos_embed3"), kNarrowHead,
               "is not a complete PVT model at 224 px: pos_embed3 is missing"},
        Broken{"StageWithoutBlocks", narrowModel("pvt"), without("block3."), kNarrowHead,
               "is not a complete model: block3 is missing"},
        Broken{"BlockOfTwins", narrowModel("twins_svt"), without("blocks.2.0."), kNarrowHead,
               "is not a complete model: blocks.2.0 is missing"},
        Broken{"LastStageOfTwins", narrowModel("twins_pcpvt"), without("blocks.3."), kNarrowHead,
               "is not a complete model: blocks.3 is missing"},
        Broken{"PositionsByConvolution", narrowModel("twins_pcpvt"), without("pos_block.1."), kNarrowHead,
               "is not a complete Twins-PCPVT model at 224 px: pos_block.1.proj.0.weight is missing, "
               "pos_block.1.proj.0.bias is missing"},
        Broken{"LinearAttention", narrowModel("pvt_v2"), with("block4.0.attn.sr.weight", {32, 32, 1, 1}), 0,
               "expected weights of MixMIM, Swin, PVT, PVTv2 or Twins, got those of PVTv2 with linear "
               "attention; this encoder is not supported"},
        Broken{"OtherReduction", narrowModel("pvt_v2"), with("block1.0.attn.sr.weight", {8, 8, 1, 1}),
               kNarrowHead,
               "is not a complete PVTv2 model at 224 px: block1.0.attn.sr.weight expected [8, 8, 8, 8], got "
               "[8, 8, 1, 1]"},
        Broken{"PositionsOfNoSquare", narrowModel("pvt"), with("pos_embed1", {1, 3135, 8}), kNarrowHead,
               "is not a complete PVT model at 224 px: pos_embed1 expected [1, 3136, 8], got [1, 3135, 8]"},
        Broken{"TransformerOfTimm", narrowModel("pvt"),
               [](TensorMap& weights) {
                 weights = {{"blocks.0.attn.qkv.weight", Tensor::zeros({3, 1})},
                            {"cls_token", Tensor::zeros({1, 1, 1})},
                            {"patch_embed.proj.weight", Tensor::zeros({1, 3, 16, 16})},
                            {"pos_embed", Tensor::zeros({1, 197, 1})}};
               },
               0,
               "holds no weights of MixMIM, Swin, PVT, PVTv2 or Twins: it has 4 entries, which begin with "
               "'blocks.0.attn.qkv.weight', 'cls_token', 'patch_embed.proj.weight'"},
        Broken{"ResNetOfTimm", narrowModel("pvt"),
               [](TensorMap& weights) {
                 weights = {{"bn1.bias", Tensor::zeros({1})}, {"conv1.weight", Tensor::zeros({1, 3, 7, 7})}};
               },
               0,
               "holds no weights of MixMIM, Swin, PVT, PVTv2 or Twins: it has 2 entries, which begin with "
               "'bn1.bias', 'conv1.weight'"}),
    nameOfCase<Broken>);

/// A run's model decides what its file may hold.
TEST(EncoderSizes, WeightsOfAnotherFamilyAreNamed) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  const std::vector<std::pair<const char*, const char*>> families{
      {"pvt", "PVT"}, {"twins_svt", "Twins-SVT"}, {"twins_pcpvt", "Twins-PCPVT"}, {"pvt_v2", "PVTv2"}};
  for (const auto& [theirs, theirTitle] : families) {
    const TensorMap weights = weightsOf(narrowModel(theirs));
    writeSafetensors(path, weights);
    for (const auto& [ours, ourTitle] : families) {
      ModelConfig model = narrowModel(ours).model;
      model.name = "narrow";
      if (theirs == ours)
        expectEqual(readWeights(path, model), weights);
      else
        MIXMIM_EXPECT_ERROR(readWeights(path, model),
                            fmt::format("{}: expected weights of {} for the model narrow, got those of {}; "
                                        "without --model the file says which model it is",
                                        path, ourTitle, theirTitle)
                                .c_str());
    }
  }
}

/// A model that the command line names does not make weights of no encoder fit.
TEST(EncoderSizes, WeightsOfNoEncoderAreRefusedForAnyModel) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  writeSafetensors(path, {{"patch_embed.proj.weight", Tensor::zeros({1, 3, 16, 16})},
                          {"pos_embed", Tensor::zeros({1, 197, 1})}});
  MIXMIM_EXPECT_ERROR(readWeights(path, narrowModel("pvt").model),
                      (path + ": holds no weights of MixMIM, Swin, PVT, PVTv2 or Twins: it has 2 entries, "
                              "which begin with 'patch_embed.proj.weight', 'pos_embed'")
                          .c_str());
}

/// Sizes are taken from shapes that are there, never from numbers in names.
TEST(EncoderSizes, NumbersInNamesCostNothing) {
  for (const char* encoder : {"mixmim", "swin", "pvt", "twins_svt", "twins_pcpvt", "pvt_v2"}) {
    SCOPED_TRACE(encoder);
    const bool windows = std::string(encoder) == "mixmim" || std::string(encoder) == "swin";
    const Config config = windows ? resolve(Task::kFinetune, {{"model.encoder", encoder, ""},
                                                              {"model.embedDim", "8", ""},
                                                              {"model.headDim", "8", ""},
                                                              {"model.depths", "1,1,1,1", ""}})
                                  : narrowModel(encoder);
    Shapes shapes = shapesOf(config);
    const std::string wanted = toJson(modelFromShapes(shapes, "a.pth", kNarrowHead));
    for (const char* number : {"999999999", "2147483647", "99999999999999999999", "-1", "00000000001", ""})
      for (const char* pattern :
           {"layers.{}.blocks.0.x", "layers.0.blocks.{}.x", "layers.{}.downsample.x", "block{}.0.x",
            "block1.{}.x", "patch_embed{}.x", "blocks.{}.0.x", "blocks.0.{}.x", "patch_embeds.{}.x",
            "stages.{}.blocks.0.x", "decoder_blocks.{}.x"})
        shapes[fmt::format(fmt::runtime(pattern), number)] = {1};
    std::string found;
    try {
      found = toJson(modelFromShapes(shapes, "a.pth", kNarrowHead));
    } catch (const Error& e) {
      found = e.what();  // the number 1, with zeros before it, may be one stage or block too many
    }
    EXPECT_TRUE(found == wanted || found.find("is missing") != std::string::npos) << found;
  }
}

/// As a hostile file may have them.
TEST(EncoderSizes, ImpossibleShapesAreRefused) {
  const Shapes whole = shapesOf(narrowModel("pvt_v2"));
  for (const auto& [name, shape] : whole)
    for (const int64_t size :
         {int64_t{0}, int64_t{-1}, int64_t{1} << 31, int64_t{2147483647}, int64_t{1} << 62})
      for (size_t d = 0; d <= shape.size(); ++d) {
        Shapes shapes = whole;
        std::vector<int64_t>& changed = shapes[name];
        d < shape.size() ? changed[d] = size : changed.emplace_back(size);
        EXPECT_THROW(checkShapes(shapes, modelFromShapes(shapes, "a.pth", kNarrowHead), "a.pth"), Error)
            << name << ' ' << d << ' ' << size;
      }
}

}  // namespace
}  // namespace cv::mixmim::test
