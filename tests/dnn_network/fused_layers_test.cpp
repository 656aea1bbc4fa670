// The fused layers against the plain float64 forward pass and OpenCV's own layers, through the classifier.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include <omp.h>
#include <opencv2/dnn/shape_utils.hpp>

#include "fused_network.hpp"
#include "model/reference_forward.hpp"
#include "model_io/onnx/export.hpp"
#include "model_io/onnx/weights.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "products/one_dnn.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"
#include "tests/support/parity_recipe.hpp"
#include "tests/support/resident_memory.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

ModelConfig modelOf(int side, int patch, int width, int headDim, const std::vector<int>& depths) {
  ModelConfig model;
  model.imageSize = {side, side};
  model.patchSize = patch;
  model.embedDim = width;
  model.headDim = headDim;
  model.depths = depths;
  model.classes = 7;
  return model;
}

ModelConfig swinOf(int side, int width, int headDim, const std::vector<int>& depths, int window = 7) {
  ModelConfig model = modelOf(side, 4, width, headDim, depths);
  model.encoder = Family::kSwin;
  model.window = window;
  return model;
}

ModelConfig ofSize(cv::Size size, ModelConfig model) {
  model.imageSize = size;
  return model;
}

/// The golden model of another encoder, for pictures of another size.
ModelConfig goldenOf(const char* name, cv::Size size) {
  return ofSize(size, test::recipeModel(name, /*classes=*/7));
}

/// The same with heads as wide as the kernels want them, and rows that are not.
ModelConfig wideHeadsOf(const char* name, cv::Size size) {
  ModelConfig model = goldenOf(name, size);
  model.headDim = 20;
  model.dims = {20, 40, 60, 80};
  model.mlpRatios = {2, 1, 2, 1};
  return model;
}

/// Class token, keys and head in the first stage.
ModelConfig oneStageOf(const char* name) {
  ModelConfig model = goldenOf(name, {32, 16});
  model.dims = {16};
  model.mlpRatios = {2};
  model.depths = {2};
  return model;
}

struct Case {
  const char* name;
  ModelConfig model;
};

const Case kCases[] = {
    {"OneWindowAndOneHead", modelOf(16, 4, 16, 16, {1})},
    {"SeveralWindows", modelOf(64, 2, 32, 16, {1, 2})},
    {"OddWindows", modelOf(72, 4, 32, 32, {1, 1})},
    {"FourStages", modelOf(224, 4, 32, 32, {1, 1, 2, 1})},
    {"NarrowHeads", modelOf(32, 4, 24, 8, {1, 1})},
    {"WideHeads", modelOf(32, 4, 40, 20, {2})},
    {"Wide", ofSize({96, 48}, modelOf(0, 4, 32, 16, {1, 1}))},
    {"Tall", ofSize({48, 64}, modelOf(0, 4, 16, 16, {1, 2, 1}))},
    {"SwinWide", ofSize({64, 32}, swinOf(0, 32, 8, {2, 2}))},
    {"SwinTall", ofSize({56, 112}, swinOf(0, 16, 8, {2, 2}))},
    {"SwinOneWindow", swinOf(16, 16, 16, {2})},
    {"SwinEvenWindows", swinOf(32, 32, 16, {2, 1})},
    {"SwinOddWindows", swinOf(56, 24, 8, {3, 2})},
    {"SwinFourStages", swinOf(224, 16, 16, {2, 2, 2, 2})},
    {"SwinLargeWindows", swinOf(112, 8, 8, {2, 2, 1}, 14)},
    {"Pvt", goldenOf("pvt", {128, 96})},
    {"PvtWide", goldenOf("pvt", {96, 64})},
    {"PvtOneKey", goldenOf("pvt", {32, 32})},
    {"PvtOneStage", oneStageOf("pvt")},
    {"PvtV2OneStage", oneStageOf("pvt_v2")},
    {"TwinsSvtOneStage", oneStageOf("twins_svt")},
    {"PvtWideHeads", wideHeadsOf("pvt", {64, 64})},
    {"PvtV2", goldenOf("pvt_v2", {128, 96})},
    {"PvtV2Tall", goldenOf("pvt_v2", {32, 96})},
    {"PvtV2OneKey", goldenOf("pvt_v2", {32, 32})},
    {"PvtV2WideHeads", wideHeadsOf("pvt_v2", {64, 64})},
    {"TwinsSvt", goldenOf("twins_svt", {224, 224})},
    {"TwinsSvtWide", goldenOf("twins_svt", {96, 64})},
    {"TwinsSvtOneKey", goldenOf("twins_svt", {32, 32})},
    {"TwinsSvtWideHeads", wideHeadsOf("twins_svt", {64, 64})},
    {"TwinsPcpvt", goldenOf("twins_pcpvt", {128, 96})},
    {"TwinsPcpvtTall", goldenOf("twins_pcpvt", {64, 96})},
};

class FusedLayers : public ::testing::TestWithParam<Case> {
 protected:
  FusedLayers() : weights_(test::recipeWeights(GetParam().model, Task::kFinetune, 1)) {
    exportOnnx(file_, weights_, GetParam().model, {});
    for (int i = 0; i < 3; ++i) pictures_.push_back(test::picture(GetParam().model.imageSize, i));
  }

  cv::Mat scores(bool fused, const std::vector<cv::Mat>& pictures) const {
    ClassifierOptions options;
    options.fusedLayers = fused;
    cv::Mat scores;
    Classifier::create(file_, options)->logits(pictures, scores);
    return scores;
  }

  TensorMap weights_;
  test::TempFolder folder_;
  std::string file_ = folder_ / "model.onnx";
  std::vector<cv::Mat> pictures_;
};

INSTANTIATE_TEST_SUITE_P(Models, FusedLayers, ::testing::ValuesIn(kCases),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(FusedLayers, AnswerAsTheWeightsDo) {
  Resampler resampler;
  cv::Mat expected;
  for (const cv::Mat& picture : pictures_) {
    cv::Mat seen;
    evalTransform(picture, GetParam().model.imageSize, EvalView{}, resampler, seen);
    expected.push_back(referenceLogits(weights_, GetParam().model, seen));
  }
  expected.convertTo(expected, CV_32F);
  const auto classifier = Classifier::create(file_);
  for (const int batch : {1, 2, 3, 1}) {
    cv::Mat answer;
    classifier->logits(std::vector<cv::Mat>(pictures_.begin(), pictures_.begin() + batch), answer);
    ASSERT_EQ(answer.rows, batch);
    EXPECT_LT(cv::norm(answer, expected.rowRange(0, batch), cv::NORM_INF), 1e-5) << batch;
  }
}

class FusedLayersOf : public ::testing::TestWithParam<const char*> {};

/// With small numbers on the way every LayerNorm shows its eps.
TEST_P(FusedLayersOf, SmallNumbersHaveTheRightEps) {
  const ModelConfig model = goldenOf(GetParam(), {64, 64});
  TensorMap weights = test::recipeWeights(model, Task::kFinetune, 1);
  test::makeSmall(weights);
  const test::TempFolder folder;
  exportOnnx(folder / "model.onnx", weights, model, {});
  const cv::Mat picture = test::picture(model.imageSize, 1);
  Resampler resampler;
  cv::Mat seen, expected, answer;
  evalTransform(picture, model.imageSize, EvalView{}, resampler, seen);
  referenceLogits(weights, model, seen).convertTo(expected, CV_32F);
  Classifier::create(folder / "model.onnx")->logits(picture, answer);
  EXPECT_LT(cv::norm(answer, expected, cv::NORM_INF), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Families, FusedLayersOf,
                         ::testing::Values("swin", "pvt", "pvt_v2", "twins_svt", "twins_pcpvt"),
                         [](const auto& about) { return std::string(about.param); });

TEST_P(FusedLayers, AgreeWithOpenCvsOwn) {
  EXPECT_LT(cv::norm(scores(true, pictures_), scores(false, pictures_), cv::NORM_INF), 1e-4);
}

/// Of the largest score; the weights of these tests are as large as those of a trained model.
TEST_P(FusedLayers, OfBytesAreNear) {
  if (!multipliesBytes()) GTEST_SKIP() << "this processor has no products of bytes";
  ClassifierOptions options;
  options.int8 = true;
  cv::Mat bytes;
  Classifier::create(file_, options)->logits(pictures_, bytes);
  const cv::Mat exact = scores(true, pictures_);
  const double difference = cv::norm(bytes, exact, cv::NORM_INF);
  EXPECT_LT(difference, 0.05 * cv::norm(exact, cv::NORM_INF));
  EXPECT_GT(difference, 0) << "nothing was rounded";
}

TEST_P(FusedLayers, DoNotDependOnTheNumberOfThreads) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer cannot see into OpenCV's threads";
#endif
  const int before = cv::getNumThreads();
  cv::setNumThreads(1);
  const cv::Mat one = scores(true, pictures_);
  for (const int threads : {2, 5}) {
    cv::setNumThreads(threads);
    EXPECT_LT(cv::norm(scores(true, pictures_), one, cv::NORM_INF), 1e-5) << threads;
  }
  cv::setNumThreads(before);
}

TEST_P(FusedLayers, LeaveTheHostsOpenMpAlone) {
  omp_set_num_threads(3);
  scores(true, pictures_);
  EXPECT_EQ(omp_get_max_threads(), 3);
}

struct Damage {
  const char* name;
  std::vector<int64_t> shape;  // empty: the constant is missing
  const char* message;
  bool isNew = false;
};

const Damage kDamages[] = {
    {"positions", {}, "expected the constant \"positions\", got none"},
    {"positions", {17, 32}, "the constant \"positions\", expected 64 x 32 numbers, got 17 x 32"},
    {"patch_embed.proj.weight",
     {32, 3, 4},
     "the constant \"patch_embed.proj.weight\", expected 32 x 3 x 4 x 4 numbers, got 32 x 3 x 4"},
    {"patch_embed.gains",
     {16, 32},
     "the constant \"patch_embed.gains\", expected 64 x 32 numbers, got 16 x 32"},
    {"layers.0.blocks.0.attn.bias",
     {3, 64, 64},
     "the constant \"layers.0.blocks.0.attn.bias\", expected 2 x 64 x 64 numbers, got 3 x 64 x 64"},
    {"layers.0.blocks.0.attn.bias",
     {2, 9, 9},
     "the constant \"layers.0.blocks.0.attn.bias\", expected 2 x 64 x 64 numbers, got 2 x 9 x 9"},
    {"layers.0.blocks.0.attn.bias", {}, "expected the constant \"layers.0.blocks.0.attn.bias\", got none"},
    {"layers.0.blocks.0.mlp.fc2.weight", {}, "expected the constants of 2 blocks, got 1"},
    {"layers.1.blocks.1.mlp.fc2.weight", {4, 16}, "expected the constants of 2 blocks, got 3", true},
    {"layers.0.blocks.0.attn.q.weight",
     {32, 16},
     "the constant \"layers.0.blocks.0.attn.q.weight\", expected 32 x 32 numbers, got 32 x 16"},
    {"layers.1.blocks.0.mlp.fc2.bias",
     {},
     "expected the constant \"layers.1.blocks.0.mlp.fc2.bias\", got none"},
    {"layers.0.downsample.reduction.weight",
     {64, 64},
     "the constant \"layers.0.downsample.reduction.weight\", expected 64 x 128 numbers, got 64 x 64"},
    {"logits.weight", {7, 32}, "the constant \"logits.weight\", expected 7 x 64 numbers, got 7 x 32"},
};

/// A model's file, as constants.
OnnxWeights exportedConstants(const ModelConfig& model) {
  const test::TempFolder folder;
  exportOnnx(folder / "model.onnx", test::recipeWeights(model, Task::kFinetune, 1), model, {});
  return readOnnxWeights(folder / "model.onnx");
}

/// Constants of the right names but any shapes, as a hostile file could have them.
template <size_t kCount>
void expectNoticed(const ModelConfig& model, const Damage (&damages)[kCount]) {
  const OnnxWeights whole = exportedConstants(model);
  EXPECT_NO_THROW(fusedNetwork(whole.tensors, model, "model"));
  for (const Damage& damage : damages) {
    SCOPED_TRACE(damage.message);
    TensorMap constants = whole.tensors;
    ASSERT_EQ(constants.erase(damage.name), damage.isNew ? 0U : 1U);
    if (!damage.shape.empty()) constants[damage.name] = Tensor::zeros(damage.shape);
    const std::string message =
        std::string("model: ") + damage.message +
        "; turn the fused layers off (ClassifierOptions::fusedLayers), or export the model anew";
    MIXMIM_EXPECT_ERROR(fusedNetwork(constants, model, "model"), message.c_str());
  }
}

TEST(FusedNetwork, ChecksEveryConstant) {
  expectNoticed(modelOf(32, 4, 32, 16, {1, 1}), kDamages);
}

const Damage kDamagesOfPvt[] = {
    {"positions", {64, 16}, "the constant \"positions\", expected 64 x 8 numbers, got 64 x 16"},
    {"patch_embed4.shifts",
     {1, 32},
     "the constant \"patch_embed4.shifts\", expected 2 x 32 numbers, got 1 x 32"},
    {"patch_embed2.proj.weight",
     {16, 8, 2, 2},
     "the constant \"patch_embed2.proj.weight\", expected 16 x 32 numbers, got 16 x 8 x 2 x 2"},
    {"block1.0.attn.sr.weight",
     {8, 8},
     "the constant \"block1.0.attn.sr.weight\", expected 8 x 512 numbers, got 8 x 8"},
    {"block3.1.attn.k.weight", {}, "expected the constant \"block3.1.attn.k.weight\", got none"},
};

const Damage kDamagesOfPvtV2[] = {
    {"patch_embed1.pixels.weight", {}, "expected the constant \"patch_embed1.pixels.weight\", got none"},
    {"patch_embed1.proj.weight",
     {8, 3, 4, 4},
     "the constant \"patch_embed1.proj.weight\", expected 8 x 3 x 7 x 7 numbers, got 8 x 3 x 4 x 4"},
    {"norm1.gains", {64}, "the constant \"norm1.gains\", expected 64 x 8 numbers, got 64"},
    {"block1.0.mlp.dwconv.dwconv.weight",
     {64, 1, 1, 1},
     "the constant \"block1.0.mlp.dwconv.dwconv.weight\", expected 64 x 1 x 3 x 3 numbers, got 64 x 1 x 1 x "
     "1"},
    {"block4.0.mlp.dwconv.dwconv.weight",
     {128, 1, 3, 3},
     "the constant \"block4.0.mlp.dwconv.dwconv.weight\", expected 128 x 1 x 1 x 1 numbers, got 128 x 1 x 3 "
     "x 3"},
};

const Damage kDamagesOfTwins[] = {
    {"pos_block.2.proj.0.bias", {}, "expected the constant \"pos_block.2.proj.0.bias\", got none"},
    {"blocks.0.0.attn.q.weight",
     {8, 4},
     "the constant \"blocks.0.0.attn.q.weight\", expected 8 x 8 numbers, got 8 x 4"},
};

TEST(FusedNetwork, ChecksTheConstantsOfOtherEncoders) {
  expectNoticed(goldenOf("pvt", {32, 32}), kDamagesOfPvt);
  expectNoticed(goldenOf("pvt_v2", {32, 32}), kDamagesOfPvtV2);
  expectNoticed(goldenOf("twins_svt", {32, 32}), kDamagesOfTwins);
}

/// The layer keeps one gain for all tokens, so there must be one.
TEST(FusedNetwork, WantsTheNormOfAStageToBeTheSameForAllTokens) {
  const ModelConfig model = goldenOf("pvt_v2", {32, 32});
  const OnnxWeights whole = exportedConstants(model);
  TensorMap constants = whole.tensors;
  Tensor& shifts = constants["norm2.shifts"];
  shifts = Tensor{shifts.dtype, shifts.shape, shifts.bytes.clone()};
  shifts.as<float>()[shifts.elements() - 1] += 1;
  MIXMIM_EXPECT_ERROR(fusedNetwork(constants, model, "model"),
                      "model: the constant \"norm2.shifts\", expected the same numbers for every token, got "
                      "others; turn the fused layers off (ClassifierOptions::fusedLayers), or export the "
                      "model anew");
}

/// A picture of as many tokens as may be, each a window of its own.
ModelConfig ofManyTokens(int blocks) {
  constexpr int kSide = 1009 * 4;  // patches: a prime, so no window divides it
  return modelOf(kSide, 4, 4, 4, {blocks});
}

/// Its constants: those of a single token, but for what every token has.
TensorMap constantsOfManyTokens(int blocks) {
  ModelConfig ofOneToken = ofManyTokens(blocks);
  ofOneToken.imageSize = {ofOneToken.patchSize, ofOneToken.patchSize};
  const OnnxWeights whole = exportedConstants(ofOneToken);
  TensorMap constants;
  for (const auto& [name, tensor] : whole.tensors)  // whose numbers are those of the file, while it is mapped
    constants[name] = Tensor{tensor.dtype, tensor.shape, tensor.bytes.clone()};
  const int64_t side = ofManyTokens(blocks).imageSize.width / ofOneToken.patchSize;
  for (const char* name : {"positions", "patch_embed.gains"})
    constants.at(name) = Tensor::zeros({side * side, ofOneToken.embedDim});
  return constants;
}

/// For each block of its own they would be 12 MB.
TEST(FusedNetwork, BlocksShareTheirPieces) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep memory of their own";
#endif
  constexpr int kBlocks = 60;
  constexpr size_t kAllowed = 250 << 20;
  const TensorMap constants = constantsOfManyTokens(kBlocks);
  const size_t before = test::residentMemory();
  const cv::dnn::Net net = fusedNetwork(constants, ofManyTokens(kBlocks), "model");
  EXPECT_LT(test::residentMemory(), before + kAllowed);
}

TEST(FusedNetwork, RefusesMoreTokensThanAnyPictureHas) {
  MIXMIM_EXPECT_ERROR(
      fusedNetwork({}, ofManyTokens(66), "model"),
      "model: expected at most 67108864 tokens in all blocks together, got 67193346; turn the fused layers "
      "off (ClassifierOptions::fusedLayers), or export the model anew");
}

/// Of images with so many tokens, and as many pairs of a piece and a head.
void expectLargestBatch(const ModelConfig& model, int tokens, int pairs) {
  cv::dnn::Net net = fusedNetwork(exportedConstants(model).tensors, model, "model");
  const auto attention = net.getLayer(net.getLayerId("layers.0.blocks.0.attn"));
  const int most = std::numeric_limits<int>::max() / std::max(tokens, pairs);
  const auto shapesFor = [&](int images) {
    std::vector<decltype(cv::dnn::shape(cv::Mat()))> results, internals;
    attention->getMemoryShapes({cv::dnn::shape(images, tokens, model.embedDim)}, 1, results, internals);
  };
  EXPECT_NO_THROW(shapesFor(most));
  EXPECT_THROW(shapesFor(most + 1), cv::Exception);
}

TEST(FusedNetwork, RefusesBatchesThatAnIntDoesNotCount) {
  expectLargestBatch(modelOf(32, 4, 32, 16, {1}), 8 * 8, 2);
  expectLargestBatch(modelOf(17 * 4, 4, 32, 16, {1}), 17 * 17, 17 * 17 * 2);
}

/// The network of a file of format 1, which does not say what it is.
TEST(FusedNetwork, KnowsTheModelOfAnOlderFile) {
  const ModelConfig model = modelOf(32, 4, 32, 16, {1, 1});
  const OnnxWeights whole = exportedConstants(model);
  DeployedModel older;
  older.inputSize = model.imageSize;
  const ModelConfig found = modelOf(older, whole.tensors, "model");
  EXPECT_EQ(found.encoder, Family::kMixMim);
  EXPECT_EQ(found.embedDim, model.embedDim);
  EXPECT_EQ(found.headDim, model.headDim);
  EXPECT_EQ(found.depths, model.depths);
  EXPECT_NO_THROW(fusedNetwork(whole.tensors, found, "model"));
}

/// The layers keep the table that the exporter gathered the bias from, so it must be one.
void expectNotATable(const ModelConfig& model, const std::string& name, const std::vector<int64_t>& places,
                     float change) {
  const OnnxWeights whole = exportedConstants(model);
  for (const int64_t place : places) {
    SCOPED_TRACE(place);
    TensorMap constants = whole.tensors;
    Tensor& bias = constants[name];
    bias = Tensor{bias.dtype, bias.shape, bias.bytes.clone()};
    bias.as<float>()[place < 0 ? bias.elements() + place : place] += change;
    const std::string message =
        "model: the constant \"" + name +
        "\", expected one number for each step between tokens, got several; turn the fused layers off "
        "(ClassifierOptions::fusedLayers), or export the model anew";
    MIXMIM_EXPECT_ERROR(fusedNetwork(constants, model, "model"), message.c_str());
  }
}

TEST(FusedNetwork, WantsTheBiasOfRelativePositions) {
  expectNotATable(modelOf(32, 4, 32, 16, {1, 1}), "layers.1.blocks.0.attn.bias", {0, 7, -1}, 1);
}

/// Four windows of 4 x 4 tokens, two heads. In the last window, tokens 0 and 15 do not see each other.
TEST(FusedNetwork, WantsTheMaskOfShiftedWindows) {
  const ModelConfig model = swinOf(32, 32, 16, {2, 1});
  const std::string name = "layers.0.blocks.1.attn.bias";
  constexpr int64_t kHead = 16 * 16, kApart = 7 * kHead + 15;
  expectNotATable(model, name, {0, kHead - 1, kHead, 2 * kHead, -1}, 1e-3F);
  expectNotATable(model, name, {kApart}, 1);
  expectNotATable(model, name, {kApart}, 100);
}

TEST(FusedNetwork, TakesMasksRoundedToHalfPrecision) {
  const ModelConfig model = swinOf(32, 32, 16, {2, 1});
  const test::TempFolder folder;
  ExportOptions half;
  half.profile.weights = WeightType::kFloat16;
  exportOnnx(folder / "half.onnx", test::recipeWeights(model, Task::kFinetune, 1), model, {}, half);
  EXPECT_NO_THROW(Classifier::create(folder / "half.onnx"));  // replays the golden pair
}

}  // namespace
}  // namespace cv::mixmim
