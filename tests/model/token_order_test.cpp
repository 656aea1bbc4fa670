#include "model/token_order.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

cv::Mat checkers(cv::Size cells) {
  cv::Mat mask(cells, CV_8U);
  for (int y = 0; y < mask.rows; ++y)
    for (int x = 0; x < mask.cols; ++x) mask.at<uchar>(y, x) = static_cast<uchar>((x + y) % 2);
  return mask;
}

/// Four stages of 32, 16, 8 and 4 tokens per axis; windows of 8, 8, 8, 4 (MixMIM) or 4 (Swin).
ModelConfig modelOf(Family family) {
  ModelConfig model;
  model.encoder = family;
  model.imageSize = {128, 128};
  model.embedDim = model.headDim = 16;
  model.depths = {2, 2, 2, 2};
  return model;
}

/// Whom a token sees, told from the published code: roll, windows, mask of regions, roll back.
struct Place {
  int window, region;
  bool partner;
  bool operator==(const Place& other) const {
    return std::tie(window, region, partner) == std::tie(other.window, other.region, other.partner);
  }
};

/// The band of a rolled row or column: [0, g-w), [g-w, g-s), [g-s, g).
int bandOf(int rolled, int grid, int window, int shift) {
  if (shift == 0) return 0;
  return rolled < grid - window ? 0 : rolled < grid - shift ? 1 : 2;
}

Place placeOf(int64_t token, const Stage& stage, const Block& block, const cv::Mat& mask) {
  const cv::Size grid = stage.grid;
  const int y = static_cast<int>(token) / grid.width, x = static_cast<int>(token) % grid.width;
  const int row = (y - block.shift.height + grid.height) % grid.height,
            column = (x - block.shift.width + grid.width) % grid.width;
  const int band = bandOf(row, grid.height, block.window.height, block.shift.height) * 3 +
                   bandOf(column, grid.width, block.window.width, block.shift.width);
  const int cell = mask.empty() ? 1 : grid.width / mask.cols;
  return {row / block.window.height * grid.width + column / block.window.width, band,
          !mask.empty() && mask.at<uchar>(y / cell, x / cell) != 0};
}

enum class Mixing { kWhole, kGroups, kOneGroup };

class Orders : public ::testing::TestWithParam<std::tuple<Family, Mixing>> {
 protected:
  static cv::Mat maskOf(const Plan& plan) {
    return std::get<1>(GetParam()) == Mixing::kWhole ? cv::Mat() : checkers(plan.cells);
  }
  static std::vector<StageTokens> ordersOf(const Plan& plan) {
    return tokenOrder(plan, maskOf(plan), /*groups=*/std::get<1>(GetParam()) != Mixing::kOneGroup);
  }
  /// Square, and twice as wide as high, where windows of Swin's last stage shift along one axis only.
  static std::vector<Plan> plans() {
    const ModelConfig model = modelOf(std::get<0>(GetParam()));
    return {planOf(model), planOf(model, {448, 224})};
  }
};

/// The token at a place of a sight's list.
int64_t tokenAt(const StageTokens& tokens, const Sight& sight, int64_t listed) {
  const auto k = static_cast<size_t>(listed);
  return tokens.order[sight.listed.empty() ? k : static_cast<size_t>(sight.listed[k])];
}

/// The number of every token's segment.
std::vector<int> segmentsOf(const StageTokens& tokens, const Sight& sight) {
  std::vector<int> numbers(tokens.order.size(), -1);
  for (size_t i = 0; i < sight.segments.size(); ++i) {
    const Segment& segment = sight.segments[i];
    EXPECT_EQ(segment.queryBegin, segment.keyBegin);
    EXPECT_EQ(segment.queryEnd, segment.keyEnd);
    for (int64_t k = segment.queryBegin; k < segment.queryEnd; ++k)
      numbers[static_cast<size_t>(tokenAt(tokens, sight, k))] = static_cast<int>(i);
  }
  return numbers;
}

TEST_P(Orders, SegmentsHoldExactlyThoseThatSeeEachOther) {
  const bool oneGroup = std::get<1>(GetParam()) == Mixing::kOneGroup;
  for (const Plan& plan : plans()) {
    const cv::Mat mask = oneGroup ? cv::Mat() : maskOf(plan);
    const std::vector<StageTokens> orders = ordersOf(plan);
    for (size_t s = 0; s < plan.stages.size(); ++s)
      for (const Block& block : plan.stages[s].blocks) {
        SCOPED_TRACE(cv::format("%s, %d px wide", block.name.c_str(), plan.image.width));
        const Stage& stage = plan.stages[s];
        const std::vector<int> numbers = segmentsOf(orders[s], orders[s].sightOf(block));
        EXPECT_EQ(std::count(numbers.begin(), numbers.end(), -1), 0);
        for (int64_t a = 0; a < stage.tokens(); a += 1 + stage.tokens() / 100)
          for (int64_t b = 0; b < stage.tokens(); ++b)
            ASSERT_EQ(numbers[static_cast<size_t>(a)] == numbers[static_cast<size_t>(b)],
                      placeOf(a, stage, block, mask) == placeOf(b, stage, block, mask))
                << a << " and " << b;
      }
  }
}

/// Differences of places are what the bias table is indexed with.
TEST_P(Orders, PlacesDifferAsTokensDo) {
  for (const Plan& plan : plans()) {
    const std::vector<StageTokens> orders = ordersOf(plan);
    for (size_t s = 0; s < plan.stages.size(); ++s)
      for (const Block& block : plan.stages[s].blocks) {
        const Sight& sight = orders[s].sightOf(block);
        const int across = plan.stages[s].grid.width, tableWidth = block.differences().width;
        for (const Segment& segment : sight.segments)
          for (int64_t k = segment.queryBegin + 1; k < segment.queryEnd; ++k) {
            const int64_t a = tokenAt(orders[s], sight, segment.queryBegin), b = tokenAt(orders[s], sight, k);
            const int64_t wanted = (b / across - a / across) * tableWidth + b % across - a % across;
            ASSERT_EQ(
                sight.place[static_cast<size_t>(k)] - sight.place[static_cast<size_t>(segment.queryBegin)],
                wanted)
                << block.name;
          }
      }
  }
}

TEST_P(Orders, MergingFindsTheNeighbours) {
  for (const Plan& plan : plans()) {
    const std::vector<StageTokens> orders = ordersOf(plan);
    for (size_t s = 0; s + 1 < plan.stages.size(); ++s) {
      const int across = plan.stages[s].grid.width, half = across / 2;
      for (size_t k = 0; k < orders[s].merge.size(); ++k) {
        const int64_t token = orders[s + 1].order[k / 4];
        const int64_t row = token / half * 2 + static_cast<int64_t>(k % 2),
                      column = token % half * 2 + static_cast<int64_t>(k % 4 / 2);
        ASSERT_EQ(orders[s].order[static_cast<size_t>(orders[s].merge[k])], row * across + column) << k;
      }
    }
  }
}

std::string nameOf(const ::testing::TestParamInfo<std::tuple<Family, Mixing>>& instance) {
  const char* const mixing[] = {"Whole", "Groups", "OneGroup"};
  const std::string family = std::get<0>(instance.param) == Family::kSwin ? "Swin" : "MixMim";
  return family + mixing[static_cast<int>(std::get<1>(instance.param))];
}

INSTANTIATE_TEST_SUITE_P(Families, Orders,
                         ::testing::Combine(::testing::Values(Family::kMixMim, Family::kSwin),
                                            ::testing::Values(Mixing::kWhole, Mixing::kGroups,
                                                              Mixing::kOneGroup)),
                         nameOf);

/// Windows stand in memory one after the other; only shifted ones need a list.
TEST(TokenOrder, WindowsInPlaceAreRangesOfMemory) {
  const std::vector<StageTokens> orders = tokenOrder(planOf(modelOf(Family::kSwin)), checkers({4, 4}));
  EXPECT_EQ(orders[0].sights.size(), 2);
  EXPECT_TRUE(orders[0].sights[0].listed.empty());
  EXPECT_FALSE(orders[0].sights[1].listed.empty());
  EXPECT_EQ(orders[3].sights.size(), 1) << "one window is the grid";
}

/// 24 of 49 cells, scattered.
cv::Mat almostHalf() {
  cv::Mat mask = cv::Mat::zeros(7, 7, CV_8U);
  for (int i = 1; i < 49; i += 2) mask.at<uchar>(i / 7, i % 7) = 1;
  return mask;
}

/// The share of pairs of tokens that are computed, of all pairs in windows.
double share(const Plan& plan, const cv::Mat& mask, size_t stage, size_t sight) {
  const StageTokens tokens = tokenOrder(plan, mask)[stage];
  double pairs = 0;
  for (const Segment& s : tokens.sights[sight].segments) pairs += static_cast<double>(s.queries() * s.keys());
  return pairs / (static_cast<double>(plan.stages[stage].tokens()) * 49);
}

TEST(TokenOrder, LeavesOutThePairsThatSeeNothing) {
  ModelConfig model = modelOf(Family::kSwin);
  model.imageSize = {224, 224};
  const Plan plan = planOf(model);
  EXPECT_EQ(share(plan, {}, 0, 0), 1);
  EXPECT_NEAR(share(plan, {}, 0, 1), 0.881, 5e-4);
  EXPECT_NEAR(share(plan, {}, 1, 1), 0.770, 5e-4);
  EXPECT_NEAR(share(plan, {}, 2, 1), 0.570, 5e-4);
  // Stage 4 is one window: 25 * 25 + 24 * 24 of 49 * 49 pairs, for any mask. Elsewhere groups save a third or
  // more.
  EXPECT_NEAR(share(plan, almostHalf(), 3, 0), 0.500, 5e-4);
  for (size_t stage : {0u, 1u, 2u}) {
    EXPECT_LT(share(plan, almostHalf(), stage, 0), 0.8);
    EXPECT_LT(share(plan, almostHalf(), stage, 1), share(plan, almostHalf(), stage, 0));
  }
}

TEST(ShiftMask, IsThatOfTheBands) {
  const Plan plan = planOf(modelOf(Family::kSwin), {448, 224});
  const Stage& stage = plan.stages[2];
  const Block& block = stage.blocks[1];
  const cv::Mat mask = shiftMask(stage, block);
  const int n = block.windowTokens(), across = stage.grid.width / block.window.width;
  ASSERT_EQ(mask.size(), cv::Size(n, stage.tokens()));
  for (int i = 0; i < mask.rows; ++i)
    for (int j = 0; j < n; ++j) {
      const auto regionOf = [&](int token) {
        const int window = i / n, w = block.window.width, s = block.shift.width;
        return bandOf(window / across * w + token / w, stage.grid.height, w, s) * 3 +
               bandOf(window % across * w + token % w, stage.grid.width, w, s);
      };
      ASSERT_EQ(mask.at<float>(i, j), regionOf(i % n) == regionOf(j) ? 0.f : -100.f) << i << ' ' << j;
    }
}

}  // namespace
}  // namespace cv::mixmim
