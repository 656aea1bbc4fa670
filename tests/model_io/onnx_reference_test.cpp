// The plain forward pass against the published implementation. Everything exported is then compared with it.
#include "model/reference_forward.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "opencv2/mixmim/preprocess.hpp"
#include "tests/model_io/onnx_models.hpp"

#include <gtest/gtest.h>

namespace cv::mixmim::test {
namespace {

std::vector<float> firstThree(const Tensor& tensor) {
  return {tensor.as<float>(), tensor.as<float>() + 3};
}

TEST(ParityRecipe, KnownValues) {
  EXPECT_EQ(fnv1a64("1:patch_embed.proj.weight"), 0x5c25c1f21e27ed23u);
  EXPECT_EQ(firstThree(field(1, "patch_embed.proj.weight", {3})),
            (std::vector<float>{-0.7430975437164307f, 0.6299645900726318f, -0.6206462383270264f}));
  EXPECT_EQ(firstThree(field(1, "norm.weight", {3})),
            (std::vector<float>{-0.6892892122268677f, 0.0690842866897583f, 0.2522338628768921f}));
  EXPECT_EQ(firstThree(recipeWeight(1, "norm.weight", {1024})),
            (std::vector<float>{0.9138388633728027f, 1.0086355209350586f, 1.031529188156128f}));
  EXPECT_EQ(firstThree(recipeWeight(1, "patch_embed.proj.weight", {128, 3, 4, 4})),
            (std::vector<float>{-0.18577438592910767f, 0.15749114751815796f, -0.1551615595817566f}));
  const Tensor fc2 = recipeWeight(1, "layers.2.blocks.17.mlp.fc2.weight", {512, 2048});
  EXPECT_EQ(fc2.as<float>()[fc2.elements() - 1], 0.02327233925461769f);
  const Tensor images = recipeImages(1, 0, 4);
  EXPECT_EQ(images.as<float>()[images.elements() - 1], -0.06909498572349548f);
  const std::vector<uint8_t> mask = recipeMask(1, 0, 49, 0.5);
  std::vector<int> ones;
  for (int cell = 0; cell < 49; ++cell)
    if (mask[static_cast<size_t>(cell)]) ones.push_back(cell);
  EXPECT_EQ(ones, (std::vector<int>{3,  4,  6,  8,  12, 13, 14, 15, 16, 19, 21, 22,
                                    24, 25, 26, 28, 30, 32, 34, 35, 38, 39, 41, 46}));
}

cv::Mat goldenLogits(const std::string& model) {
  std::ifstream file(MIXMIM_GOLDEN_DIR "/parity/" + model + "_finetune.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const boost::json::value golden = boost::json::parse(text);
  cv::Mat logits;
  for (const auto& row : golden.at("logits_first_16_unmixed_images").as_array()) {
    cv::Mat_<double> numbers(1, static_cast<int>(row.as_array().size()));
    for (int i = 0; i < numbers.cols; ++i) numbers(i) = row.at(static_cast<size_t>(i)).to_number<double>();
    logits.push_back(numbers);
  }
  return logits;
}

class ReferenceForward : public ::testing::TestWithParam<const char*> {};

TEST_P(ReferenceForward, AgreesWithThePublishedModel) {
  const ModelConfig model = recipeModel(GetParam(), /*classes=*/10);
  const cv::Mat golden = goldenLogits(GetParam());
  ASSERT_EQ(golden.size(), cv::Size(10, 4));
  Tensor images = recipeImages(kSeed, /*step=*/0, golden.rows);
  const int sizes[] = {golden.rows, 3, model.imageSize.height, model.imageSize.width};
  const cv::Mat logits =
      referenceForward(weightsOf(model), model, cv::Mat(4, sizes, CV_32F, images.bytes.data));
  EXPECT_TRUE(cv::checkRange(logits));  // a NaN is no difference to cv::norm
  EXPECT_LT(cv::norm(logits, golden, cv::NORM_INF), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Golden, ReferenceForward, ::testing::Values("micro", "tiny"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(ReferenceForward, NormalisesAsTheTrainerDoes) {
  cv::Mat picture(2, 2, CV_8UC3, cv::Scalar(0, 128, 255));  // B G R
  picture.at<cv::Vec3b>(1, 0) = {10, 20, 30};
  const cv::Mat planes = normalisedPlanes(picture);
  const auto expected = [](int value, int channel) {
    return (static_cast<float>(value) / 255.f - kMean[channel]) / kStd[channel];
  };
  EXPECT_EQ(planes.ptr<float>(0, 0)[0], expected(255, 0));
  EXPECT_EQ(planes.ptr<float>(0, 1)[0], expected(128, 1));
  EXPECT_EQ(planes.ptr<float>(0, 2)[0], expected(0, 2));
  EXPECT_EQ(planes.ptr<float>(0, 0)[2], expected(30, 0));
  EXPECT_EQ(planes.ptr<float>(0, 2)[2], expected(10, 2));
}

TEST(ReferenceForward, OnePictureAtATimeOrAllTogether) {
  const ModelConfig model = smallest();
  const TensorMap weights = weightsOf(model);
  const int sizes[] = {2, 3, 16, 16};
  cv::Mat both(4, sizes, CV_32F);
  cv::Mat rows;
  for (int i = 0; i < 2; ++i) {
    cv::Mat picture(16, 16, CV_8UC3);
    cv::RNG(static_cast<uint64_t>(i)).fill(picture, cv::RNG::UNIFORM, 0, 256);
    const cv::Mat planes = normalisedPlanes(picture);
    std::copy_n(planes.ptr<float>(), planes.total(), both.ptr<float>(i));
    rows.push_back(referenceLogits(weights, model, picture));
  }
  EXPECT_EQ(cv::norm(referenceForward(weights, model, both), rows, cv::NORM_INF), 0);
  EXPECT_GT(cv::norm(rows.row(0), rows.row(1), cv::NORM_INF), 1e-3);
}

TEST(ReferenceForward, HeadsBelongTogether) {
  const ModelConfig model = modelNamed("small64");
  const TensorMap weights = weightsOf(model);
  cv::Mat picture(64, 64, CV_8UC3);
  cv::RNG(5).fill(picture, cv::RNG::UNIFORM, 0, 256);
  const auto answer = [&](Head head) { return referenceOutputs(weights, model, head, picture); };
  const cv::Mat logits = answer(Head::kLogits).front(), features = answer(Head::kFeatures).front();
  EXPECT_EQ(cv::norm(logits, referenceLogits(weights, model, picture), cv::NORM_INF), 0);

  cv::Mat exponentials;
  cv::exp(logits, exponentials);
  EXPECT_LT(
      cv::norm(answer(Head::kProbabilities).front(), exponentials / cv::sum(exponentials)[0], cv::NORM_INF),
      1e-12);

  cv::Mat weight, bias;  // the classifier is a linear function of the features
  cv::Mat(10, 128, CV_32F, weights.at("head.weight").bytes.data).convertTo(weight, CV_64F);
  cv::Mat(1, 10, CV_32F, weights.at("head.bias").bytes.data).convertTo(bias, CV_64F);
  EXPECT_LT(cv::norm(features * weight.t() + bias, logits, cv::NORM_INF), 1e-12);

  const std::vector<cv::Mat> maps = answer(Head::kPyramid);
  ASSERT_EQ(maps.size(), 3u);
  EXPECT_EQ(maps[0].size[1], 32);
  EXPECT_EQ(maps[0].size[3], 16);
  cv::Mat means;  // the last map's are the features
  cv::reduce(maps[2].reshape(1, 128), means, 1, cv::REDUCE_AVG);
  EXPECT_LT(cv::norm(means.t(), features, cv::NORM_INF), 1e-12);
}

TEST(ReferenceForward, MapsAreInRasterOrder) {
  // Where the picture differs in one patch and attention looks at nothing but windows, only its window
  // differs.
  ModelConfig model = modelNamed("manyWindowsAt136");  // 34 x 34 tokens in windows of 2 x 2
  const TensorMap weights = weightsOf(model);
  cv::Mat picture(136, 136, CV_8UC3, cv::Scalar::all(90)), changed = picture.clone();
  changed(cv::Rect(4 * 20, 4 * 7, 4, 4)).setTo(cv::Scalar::all(200));  // token column 20, row 7
  const cv::Mat before = referenceOutputs(weights, model, Head::kPyramid, picture)[0],
                after = referenceOutputs(weights, model, Head::kPyramid, changed)[0];
  const cv::Mat difference = cv::abs(after.reshape(1, before.size[1]) - before.reshape(1, before.size[1]));
  cv::Mat largest;
  cv::reduce(difference, largest, 0, cv::REDUCE_MAX);
  largest = largest.reshape(1, 34);
  for (int y = 0; y < 34; ++y)
    for (int x = 0; x < 34; ++x)
      EXPECT_EQ(largest.at<double>(y, x) > 0, y / 2 == 3 && x / 2 == 10) << y << ' ' << x;
}

TEST(ReferenceForward, RefusesOtherShapes) {
  EXPECT_THROW(referenceLogits(weightsOf(smallest()), smallest(), cv::Mat(8, 8, CV_8UC3)), cv::Exception);
  EXPECT_THROW(referenceLogits(weightsOf(smallest()), smallest(), cv::Mat(16, 16, CV_8UC1)), cv::Exception);
}

}  // namespace
}  // namespace cv::mixmim::test
