#include "model/resize_weights.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/parameters.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::test {
namespace {

/// One number per place of a grid: value(x, y), and its negative in a second channel.
template <class Value>
Tensor table(int side, Value value) {
  Tensor tensor = Tensor::zeros({int64_t{side} * side, 2});
  for (int t = 0; t < side * side; ++t) {
    tensor.as<float>()[2 * t] = static_cast<float>(value(t % side, t / side));
    tensor.as<float>()[2 * t + 1] = -tensor.as<float>()[2 * t];
  }
  return tensor;
}

TEST(ResizedWeight, KeepsWhatHasTheSizeAlready) {
  const Tensor before = table(7, [](int x, int y) { return std::sin(3. * x + y); });
  const Tensor after = *resizedWeight(before, {}, {7, 7}, before.shape);
  for (int i = 0; i < 98; ++i) EXPECT_EQ(after.as<float>()[i], before.as<float>()[i]) << i;
}

// By hand. Half a place between samples a, b, c, d: (-3 a + 19 b + 19 c - 3 d) / 32.
TEST(ResizedWeight, OfAStepBetweenFourSamples) {
  const Tensor after =
      *resizedWeight(table(4, [](int x, int) { return x < 2 ? 0 : 1; }), {}, {2, 2}, {2 * 2, 2});
  const double low = (0 * -3 + 0 * 19 + 0 * 19 + 1 * -3) / 32., high = 1 - low;
  for (int y = 0; y < 2; ++y) {
    EXPECT_FLOAT_EQ(after.as<float>()[2 * (2 * y)], static_cast<float>(low));
    EXPECT_FLOAT_EQ(after.as<float>()[2 * (2 * y + 1)], static_cast<float>(high));
    EXPECT_FLOAT_EQ(after.as<float>()[2 * (2 * y) + 1], static_cast<float>(-low));
  }
}

TEST(ResizedWeight, ColumnsStayColumnsAndFlatStaysFlat) {
  const Tensor after =
      *resizedWeight(table(5, [](int x, int) { return 10 + x * x; }), {}, {9, 9}, {9 * 9, 2});
  for (int y = 1; y < 9; ++y)
    for (int x = 0; x < 9; ++x)
      EXPECT_FLOAT_EQ(after.as<float>()[2 * (9 * y + x)], after.as<float>()[2 * x]) << x << ' ' << y;
  EXPECT_GT(after.as<float>()[2 * 8], after.as<float>()[0] + 10);
  const Tensor flat = *resizedWeight(table(5, [](int, int) { return 2.5; }), {}, {13, 13}, {13 * 13, 2});
  for (int i = 0; i < 13 * 13; ++i) EXPECT_FLOAT_EQ(flat.as<float>()[2 * i], 2.5f);
}

// By hand. Bilinear takes the two neighbours alone.
TEST(ResizedWeight, BilinearIsAMeanOfNeighbours) {
  const auto step = table(4, [](int x, int) { return x < 1 ? 0 : 1; });
  const Tensor half = *resizedWeight(step, {}, {2, 2}, {2 * 2, 2}, Interpolation::kBilinear),
               twice = *resizedWeight(step, {}, {8, 8}, {8 * 8, 2}, Interpolation::kBilinear);
  for (int x = 0; x < 2; ++x) EXPECT_FLOAT_EQ(half.as<float>()[2 * x], x == 0 ? 0.5f : 1.f) << x;
  const float wanted[] = {0, 0.25f, 0.75f, 1, 1, 1, 1, 1};
  for (int i = 0; i < 64; ++i) EXPECT_FLOAT_EQ(twice.as<float>()[2 * i], wanted[i % 8]) << i;
}

TEST(ResizedWeight, AClassTokenKeepsItsRow) {
  Tensor rows = table(4, [](int x, int y) { return 10 * y + x; });
  Tensor embedding = Tensor::zeros({1, 1 + 16, 2});
  embedding.as<float>()[0] = 0.1f, embedding.as<float>()[1] = -0.7f;
  std::copy_n(rows.as<float>(), 32, embedding.as<float>() + 2);
  const Tensor after = *resizedWeight(embedding, {}, {7, 5}, {1, 1 + 35, 2}, Interpolation::kBilinear),
               alone = *resizedWeight(rows, {}, {7, 5}, {35, 2}, Interpolation::kBilinear);
  EXPECT_EQ(after.as<float>()[0], 0.1f);
  EXPECT_EQ(after.as<float>()[1], -0.7f);
  for (int i = 0; i < 70; ++i) EXPECT_EQ(after.as<float>()[2 + i], alone.as<float>()[i]) << i;
}

/// A position embedding of PVT at another image size, by PyTorch: some of its numbers, and the sum of all
/// magnitudes.
struct PublishedPositions {
  const char* name;
  int imageSide;
  double magnitudes;
  std::vector<std::pair<int, float>> samples;
};

const PublishedPositions kPublishedPositions[] = {
    {"pos_embed1",
     384,
     11819.3871456,
     {{1570, 0.072687790f}, {70916, -0.221448287f}, {33614, 0.368063182f}, {46203, -0.297568470f}}},
    {"pos_embed2",
     384,
     6035.7200566,
     {{24894, 0.068887636f}, {2443, -0.211846486f}, {32076, 0.275664508f}, {11296, 0.306318462f}}},
    {"pos_embed3",
     384,
     2244.1732639,
     {{6337, -0.293949604f}, {12966, 0.251121432f}, {2977, 0.108464725f}, {6761, -0.189174920f}}},
    {"pos_embed4",
     384,
     800.7932078,
     {{4089, -0.176057041f}, {315, 0.352384150f}, {2416, -0.117767192f}, {4296, 0.163960770f}}},
    {"pos_embed1",
     192,
     2912.2378098,
     {{13131, 0.131201684f}, {7520, 0.186285347f}, {14689, -0.308502823f}, {16971, -0.124031954f}}},
    {"pos_embed2",
     192,
     1461.3249740,
     {{2174, 0.152998596f}, {2337, 0.256402403f}, {4500, 0.078355044f}, {8341, 0.063184828f}}},
    {"pos_embed3",
     192,
     540.9107785,
     {{526, -0.118306778f}, {2638, -0.070405170f}, {824, 0.233648404f}, {909, -0.091323532f}}},
    {"pos_embed4",
     192,
     190.3647341,
     {{968, 0.007345483f}, {751, -0.106186315f}, {1059, 0.087002337f}, {308, 0.014443199f}}},
};

TEST(WeightsForImageSize, PositionsOfPvtBecomeThePublishedOnes) {
  ModelConfig small;
  small.encoder = Family::kPvt;
  small.dims = {8, 16, 24, 32};
  small.depths = {1, 1, 2, 2};
  small.headDim = 8;
  const TensorMap before = recipeWeights(small, Task::kFinetune, /*seed=*/1);
  for (const auto& [name, side, magnitudes, samples] : kPublishedPositions) {
    SCOPED_TRACE(cv::format("%s at %d px", name, side));
    ModelConfig other = small;
    other.imageSize = {side, side};
    const Tensor resized = weightsForImageSize(before, small, other).at(name);
    double sum = 0;
    for (int64_t i = 0; i < resized.elements(); ++i) sum += std::abs(resized.as<float>()[i]);
    EXPECT_NEAR(sum, magnitudes, 1e-6 * magnitudes);
    for (const auto& [index, number] : samples) EXPECT_NEAR(resized.as<float>()[index], number, 1e-6);
  }
}

TEST(ResizedWeight, OnlyTheGridMayDiffer) {
  const Tensor square = Tensor::zeros({16, 2}), embedding = Tensor::zeros({1, 16, 2});
  EXPECT_TRUE(resizedWeight(square, {}, {5, 5}, {25, 2}));
  EXPECT_TRUE(resizedWeight(embedding, {}, {5, 5}, {1, 25, 2}));
  EXPECT_FALSE(resizedWeight(square, {}, {5, 5}, {25, 3})) << "channels";
  EXPECT_FALSE(resizedWeight(square, {}, {5, 5}, {24, 2})) << "no square";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({15, 2}), {}, {5, 5}, {25, 2})) << "no square";
  EXPECT_FALSE(resizedWeight(square, {}, {5, 5}, {1, 25, 2})) << "rank";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({2, 16, 2}), {}, {5, 5}, {1, 25, 2})) << "more than one grid";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({16}), {}, {5, 5}, {25})) << "a vector";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({17, 2}), {}, {5, 5}, {26, 2})) << "tables have no class token";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({1, 18, 2}), {}, {5, 5}, {1, 27, 2})) << "two class tokens";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({1, 1, 2}), {}, {5, 5}, {1, 26, 2})) << "a class token alone";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({1, 16, 2}), {}, {5, 5}, {1, 26, 2})) << "no class token";
  EXPECT_FALSE(resizedWeight(Tensor::zeros({16, 2}, DType::kF16), {}, {5, 5}, {25, 2})) << "type";
}

TEST(ResizedWeight, TheNewGridNeedNotBeSquare) {
  const Tensor square = table(5, [](int x, int y) { return 10 * y + x; });
  const Tensor wide = *resizedWeight(square, {}, {9, 5}, {5 * 9, 2}),
               tall = *resizedWeight(square, {}, {5, 9}, {9 * 5, 2});
  const Tensor both = *resizedWeight(square, {}, {9, 9}, {9 * 9, 2});
  for (int y = 0; y < 5; ++y)  // rows stay, and columns are those of the square grid of nine
    for (int x = 0; x < 9; ++x)
      EXPECT_NEAR(wide.as<float>()[2 * (y * 9 + x)],
                  static_cast<float>(10 * y) + both.as<float>()[2 * (4 * 9 + x)] - 20, 1e-5);
  for (int i = 0; i < 5; ++i)
    EXPECT_FLOAT_EQ(tall.as<float>()[2 * (4 * 5 + i)], 20.f + static_cast<float>(i));
}

TEST(ResizedWeight, TheOldGridNeedNotBeSquareWhereItIsKnown) {
  const Tensor square = table(5, [](int x, int y) { return 10 * y + x; });
  const Tensor wide = *resizedWeight(square, {}, {9, 5}, {5 * 9, 2}),
               direct = *resizedWeight(square, {}, {9, 9}, {9 * 9, 2}),
               byWide = *resizedWeight(wide, {9, 5}, {9, 9}, {9 * 9, 2});
  for (int i = 0; i < 9 * 9 * 2; ++i) EXPECT_NEAR(byWide.as<float>()[i], direct.as<float>()[i], 1e-5) << i;
  EXPECT_FALSE(resizedWeight(wide, {}, {9, 9}, {9 * 9, 2})) << "45 rows are no square";
  EXPECT_FALSE(resizedWeight(wide, {9, 4}, {9, 9}, {9 * 9, 2})) << "another grid";
}

TEST(WeightsForImageSize, FitTheOtherModel) {
  ModelConfig small = recipeModel("tiny", /*classes=*/10);
  small.imageSize = {64, 64};
  small.depths = {1, 2, 4};
  small.headDim = 16;
  ModelConfig large = small;
  large.imageSize = {96, 96};
  const TensorMap before = recipeWeights(small, Task::kFinetune, 1),
                  after = weightsForImageSize(before, small, large);
  int resized = 0;
  for (const Parameter& parameter : parameters(large, Task::kFinetune)) {
    const Tensor& tensor = after.at(parameter.name);
    ASSERT_EQ(tensor.shape, parameter.shape) << parameter.name;
    if (tensor.bytes.data != before.at(parameter.name).bytes.data) ++resized;
  }
  // The embedding, and the tables of the stages whose window is another: 8, 8, 4 become 12, 12, 6.
  EXPECT_EQ(resized, 1 + 1 + 2 + 4);
}

}  // namespace
}  // namespace cv::mixmim::test
