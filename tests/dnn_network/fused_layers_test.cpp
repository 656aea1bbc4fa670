// The fused layers against the plain float64 forward pass and OpenCV's own layers, through the classifier.
#include <gtest/gtest.h>

#include <omp.h>

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
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

ModelConfig modelOf(int side, int patch, int width, int headDim, const std::vector<int>& depths) {
  ModelConfig model;
  model.imageSize = side;
  model.patchSize = patch;
  model.embedDim = width;
  model.headDim = headDim;
  model.depths = depths;
  model.classes = 7;
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
};

class FusedLayers : public ::testing::TestWithParam<Case> {
 protected:
  FusedLayers() : weights_(test::recipeWeights(GetParam().model, Task::kFinetune, 1)) {
    exportOnnx(file_, weights_, GetParam().model, {});
    for (int i = 0; i < 3; ++i)
      pictures_.push_back(test::picture({GetParam().model.imageSize, GetParam().model.imageSize}, i));
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
  for (const size_t batch : {1u, 2u, 3u, 1u}) {
    const std::vector<cv::Mat> pictures(pictures_.begin(), pictures_.begin() + static_cast<long>(batch));
    const cv::Mat answer = scores(true, pictures);
    ASSERT_EQ(answer.rows, static_cast<int>(batch));
    for (size_t i = 0; i < batch; ++i) {
      cv::Mat seen, expected;
      evalTransform(pictures[i], GetParam().model.imageSize, 0.875, resampler, seen);
      referenceLogits(weights_, GetParam().model, seen).convertTo(expected, CV_32F);
      EXPECT_LT(cv::norm(answer.row(static_cast<int>(i)), expected, cv::NORM_INF), 1e-5);
    }
  }
}

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
};

const Damage kDamages[] = {
    {"positions", {}, "expected the constant \"positions\", got none"},
    {"positions", {17, 32}, "the constant \"positions\", expected a square number of tokens, got 17"},
    {"patch_embed.proj.weight",
     {32, 3, 4},
     "the constant \"patch_embed.proj.weight\", expected C x 3 x p x p numbers, got 32 x 3 x 4"},
    {"patch_embed.gains",
     {16, 32},
     "the constant \"patch_embed.gains\", expected 64 x 32 numbers, got 16 x 32"},
    {"layers.0.blocks.0.attn.bias",
     {3, 64, 64},
     "the constant \"layers.0.blocks.0.attn.bias\", expected heads that divide 32 and windows that divide 8 "
     "x 8, got 3 x 64 x 64"},
    {"layers.0.blocks.0.attn.bias",
     {2, 9, 9},
     "the constant \"layers.0.blocks.0.attn.bias\", expected heads that divide 32 and windows that divide 8 "
     "x 8, got 2 x 9 x 9"},
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

/// Constants of the right names but any shapes, as a hostile file could have them.
TEST(FusedNetwork, ChecksEveryConstant) {
  const ModelConfig model = modelOf(32, 4, 32, 16, {1, 1});
  const test::TempFolder folder;
  exportOnnx(folder / "model.onnx", test::recipeWeights(model, Task::kFinetune, 1), model, {});
  const OnnxWeights whole = readOnnxWeights(folder / "model.onnx");
  EXPECT_NO_THROW(fusedNetwork(whole.tensors, "model"));
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.message);
    TensorMap constants = whole.tensors;
    constants.erase(damage.name);
    if (!damage.shape.empty()) constants[damage.name] = Tensor::zeros(damage.shape);
    const std::string message =
        std::string("model: ") + damage.message +
        "; turn the fused layers off (ClassifierOptions::fusedLayers), or export the model anew";
    MIXMIM_EXPECT_ERROR(fusedNetwork(constants, "model"), message.c_str());
  }
}

/// The layers keep the table that the exporter gathered the bias from, so it must be one.
TEST(FusedNetwork, WantsTheBiasOfRelativePositions) {
  const ModelConfig model = modelOf(32, 4, 32, 16, {1, 1});
  const test::TempFolder folder;
  exportOnnx(folder / "model.onnx", test::recipeWeights(model, Task::kFinetune, 1), model, {});
  const OnnxWeights whole = readOnnxWeights(folder / "model.onnx");
  const std::string name = "layers.1.blocks.0.attn.bias";
  for (const int64_t place : {int64_t{0}, int64_t{7}, whole.tensors.at(name).elements() - 1}) {
    TensorMap constants = whole.tensors;
    Tensor& bias = constants[name];
    bias = Tensor{bias.dtype, bias.shape, bias.bytes.clone()};
    bias.as<float>()[place] += 1;
    MIXMIM_EXPECT_ERROR(
        fusedNetwork(constants, "model"),
        "model: the constant \"layers.1.blocks.0.attn.bias\", expected one number for each step "
        "between tokens, got several; turn the fused layers off (ClassifierOptions::fusedLayers), "
        "or export the model anew");
  }
}

}  // namespace
}  // namespace cv::mixmim
