#include "model/resize_weights.hpp"

#include <cmath>

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
