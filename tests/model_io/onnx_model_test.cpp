// The model of a file that does not say it.
#include "model_io/onnx/model_of_constants.hpp"

#include <functional>
#include <ostream>

#include "model_io/onnx/export.hpp"
#include "model_io/onnx/weights.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

/// The constants of an exported model.
TensorMap constantsOf(const ModelConfig& model, Head head) {
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  exportOnnx(path, weightsOf(model), model, {}, {head, {}});
  OnnxWeights read = readOnnxWeights(path);
  for (auto& [name, tensor] : read.tensors) tensor.bytes = tensor.bytes.clone();  // the file is going away
  return read.tensors;
}

class ModelOfConstants : public ::testing::TestWithParam<const char*> {};

TEST_P(ModelOfConstants, IsTheOneThatWasExported) {
  Config written, read;
  written.model = modelNamed(GetParam());
  read.model = modelOfConstants(constantsOf(written.model, Head::kLogits), written.model.imageSize, "m.onnx");
  EXPECT_EQ(read.model.name, "");
  const auto shown = [](const std::string& option) {
    return option != "model.name" && option.rfind("model.decoder", 0) != 0;
  };
  const std::vector<Option> expected = options(written), got = options(read);
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(!shown(expected[i].name) || got[i].get() == expected[i].get())
        << expected[i].name << ' ' << got[i].get();
}

INSTANTIATE_TEST_SUITE_P(Onnx, ModelOfConstants,
                         ::testing::Values("micro", "tiny", "small64", "patch2At32", "oneTokenAt16",
                                           "manyWindowsAt136", "wide", "tall"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(ModelOfConstants, HeadsWithoutClassesHaveNone) {
  EXPECT_EQ(modelOfConstants(constantsOf(smallest(), Head::kFeatures), {16, 16}, "m.onnx").classes, 0);
}

struct BadConstants {
  const char* name;
  std::function<void(TensorMap&)> spoil;
  const char* message;
};

void PrintTo(const BadConstants& tested, std::ostream* out) {
  *out << tested.name;
}

class BadModelOfConstants : public ::testing::TestWithParam<BadConstants> {};

TEST_P(BadModelOfConstants, IsNamed) {
  TensorMap constants = constantsOf(smallest(), Head::kLogits);
  GetParam().spoil(constants);
  MIXMIM_EXPECT_ERROR(modelOfConstants(constants, {16, 16}, "m.onnx"), GetParam().message);
}

#define ANEW "; export the model anew"
INSTANTIATE_TEST_SUITE_P(
    Onnx, BadModelOfConstants,
    ::testing::Values(
        BadConstants{"Nothing", [](TensorMap& constants) { constants.clear(); },
                     "m.onnx: expected the constant \"patch_embed.proj.weight\", got none" ANEW},
        BadConstants{
            "PatchesFlat",
            [](TensorMap& constants) {
              constants["patch_embed.proj.weight"] = Tensor::zeros({8, 48});
            },
            "m.onnx: the constant \"patch_embed.proj.weight\", expected C x 3 x p x p numbers, got 8 x "
            "48" ANEW},
        BadConstants{"PatchesTooLarge",
                     [](TensorMap& constants) {
                       constants["patch_embed.proj.weight"] = Tensor::zeros({8, 3, 128, 128});
                     },
                     "m.onnx: model.patchSize: expected a whole number from 1 to 64, got '128'"},
        BadConstants{
            "PatchesNotSquare",
            [](TensorMap& constants) {
              constants["patch_embed.proj.weight"] = Tensor::zeros({8, 3, 4, 5});
            },
            "m.onnx: the constant \"patch_embed.proj.weight\", expected 8 x 3 x 4 x 4 numbers, got 8 x 3 x "
            "4 x 5" ANEW},
        BadConstants{"NoBlocks", [](TensorMap& constants) { constants.erase("layers.0.blocks.0.attn.bias"); },
                     "m.onnx: expected the constant \"layers.0.blocks.0.attn.bias\", got none" ANEW},
        BadConstants{
            "NoHeads",
            [](TensorMap& constants) { constants["layers.0.blocks.0.attn.bias"] = Tensor::zeros({16}); },
            "m.onnx: the constant \"layers.0.blocks.0.attn.bias\", expected h x N x N numbers, got "
            "16" ANEW},
        BadConstants{
            "AnotherWindow",
            [](TensorMap& constants) {
              constants["layers.1.blocks.0.attn.bias"] = Tensor::zeros({2, 16, 16});
            },
            "m.onnx: the constant \"layers.1.blocks.0.attn.bias\", expected 2 x 4 x 4 numbers, got 2 x "
            "16 x 16" ANEW},
        BadConstants{"ManyHeads",
                     [](TensorMap& constants) {
                       constants["layers.0.blocks.0.attn.bias"] = Tensor::zeros({3, 16, 16});
                     },
                     "m.onnx: the constant \"layers.0.blocks.0.attn.bias\", expected 4 x 16 x 16 numbers, "
                     "got 3 x 16 x 16" ANEW},
        BadConstants{"EmptyStage",
                     [](TensorMap& constants) { constants.erase("layers.1.blocks.0.attn.bias"); },
                     "m.onnx: model.depths: expected whole numbers from 1 to 1000, got '0'"},
        BadConstants{
            "AnotherHiddenWidth",
            [](TensorMap& constants) {
              constants["layers.1.blocks.0.mlp.fc1.weight"] = Tensor::zeros({63, 16});
            },
            "m.onnx: the constant \"layers.1.blocks.0.mlp.fc1.weight\", expected 64 x 16 numbers, got "
            "63 x 16" ANEW}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace cv::mixmim::test
