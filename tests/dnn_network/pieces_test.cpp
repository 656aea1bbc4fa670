#include "pieces.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cv::mixmim {
namespace {

struct Case {
  const char* name;
  cv::Size image;  // px; 8 of them are a cell
  int window;
};

const Case kCases[] = {{"OneWindow", {24, 24}, 7},          {"EvenWindows", {32, 32}, 7},
                       {"OddWindows", {56, 56}, 7},         {"LargeWindows", {112, 112}, 14},
                       {"RectangularWindows", {40, 24}, 7}, {"ShiftedAlongOneAxis", {112, 56}, 14}};

Plan planOf(const Case& about) {
  ModelConfig model;
  model.encoder = Family::kSwin;
  model.window = about.window;
  model.embedDim = model.headDim = 8;
  model.patchSize = 4;
  model.depths = {2, 2};
  return cv::mixmim::planOf(model, about.image);
}

/// A piece as raster positions of the picture.
std::vector<int64_t> tokensOf(const Pieces& pieces, int piece, const StageTokens& stage) {
  const int* rectangle = pieces.rectangles.ptr<int>(piece);
  std::vector<int64_t> tokens;
  for (int k = rectangle[0]; k < rectangle[0] + rectangle[1] * rectangle[2]; ++k) {
    const int place = pieces.listed.empty() ? k : pieces.listed.at<int32_t>(k);
    tokens.push_back(stage.order[static_cast<size_t>(place)]);
  }
  return tokens;
}

using Pairs = std::set<std::pair<int64_t, int64_t>>;

/// Who sees whom when windows are rolled into the grid, as raster positions.
Pairs pairsOf(const Stage& stage, const Block& block) {
  const cv::Mat mask = block.shifted() ? shiftMask(stage, block) : cv::Mat();
  const int n = block.windowTokens(), across = stage.grid.width / block.window.width;
  const auto raster = [&](int window, int token) {
    const int row = window / across * block.window.height + token / block.window.width + block.shift.height;
    const int column = window % across * block.window.width + token % block.window.width + block.shift.width;
    return int64_t{row % stage.grid.height} * stage.grid.width + column % stage.grid.width;
  };
  Pairs pairs;
  for (int i = 0; i < stage.tokens(); ++i)
    for (int j = 0; j < n; ++j)
      if (mask.empty() || mask.at<float>(i, j) == 0) pairs.emplace(raster(i / n, i % n), raster(i / n, j));
  return pairs;
}

class PiecesOf : public ::testing::TestWithParam<Case> {};

TEST_P(PiecesOf, AreRectanglesOfThePictureInRasterOrder) {
  const Plan plan = planOf(GetParam());
  const std::vector<StageTokens> tokens = tokenOrder(plan, {});
  for (size_t s = 0; s < plan.stages.size(); ++s)
    for (const Block& block : plan.stages[s].blocks) {
      SCOPED_TRACE(block.name);
      const Pieces pieces = piecesOf(tokens[s].sightOf(block));
      EXPECT_EQ(pieces.listed.empty(), !block.shifted()) << "windows in place are in memory as they are";
      for (int p = 0; p < pieces.rectangles.rows; ++p) {
        const std::vector<int64_t> piece = tokensOf(pieces, p, tokens[s]);
        const int width = pieces.rectangles.at<int>(p, 1);
        for (int k = 0; k < static_cast<int>(piece.size()); ++k)
          ASSERT_EQ(piece[static_cast<size_t>(k)],
                    piece.front() + k / width * plan.stages[s].grid.width + k % width);
      }
    }
}

TEST_P(PiecesOf, HoldTheTokensThatSeeEachOther) {
  const Plan plan = planOf(GetParam());
  const std::vector<StageTokens> tokens = tokenOrder(plan, {});
  for (size_t s = 0; s < plan.stages.size(); ++s)
    for (const Block& block : plan.stages[s].blocks) {
      SCOPED_TRACE(block.name);
      const Pieces pieces = piecesOf(tokens[s].sightOf(block));
      Pairs found;
      for (int p = 0; p < pieces.rectangles.rows; ++p)
        for (const int64_t a : tokensOf(pieces, p, tokens[s]))
          for (const int64_t b : tokensOf(pieces, p, tokens[s]))
            EXPECT_TRUE(found.emplace(a, b).second) << "twice";
      EXPECT_TRUE(found == pairsOf(plan.stages[s], block));
    }
}

/// Scores without a bias need no rectangles; the tokens of a window are listed where they stand cell by cell.
TEST(Pieces, OfWindowsWithoutBiasAreLists) {
  ModelConfig model;
  model.encoder = Family::kTwinsSvt;
  model.embedDim = model.headDim = 8;
  model.depths = {2, 1, 1, 1};
  const Plan plan = cv::mixmim::planOf(model, {224, 448});  // windows of 7 x 7
  const StageTokens stage = tokenOrder(plan, {}).front();
  const Pieces windows = piecesOf(stage.sightOf(plan.stages[0].blocks[0]));
  ASSERT_EQ(windows.rectangles.rows, 8 * 16);
  std::set<int64_t> all;
  for (int p = 0; p < windows.rectangles.rows; ++p) {
    const std::vector<int64_t> tokens = tokensOf(windows, p, stage);
    ASSERT_EQ(tokens.size(), 49U);
    const auto windowOf = [](int64_t token) { return std::pair(token / 56 / 7, token % 56 / 7); };
    for (const int64_t token : tokens) {
      EXPECT_EQ(windowOf(token), windowOf(tokens.front()));
      EXPECT_TRUE(all.insert(token).second) << "twice";
    }
  }
  EXPECT_EQ(all.size(), size_t{56} * 112);
}

TEST(Pieces, OfPublishedWindowsAreAsManyAsTheCuts) {
  const Plan plan = planOf(Case{"", {56, 56}, 7});
  const StageTokens stage = tokenOrder(plan, {}).front();  // 14 x 14 tokens
  EXPECT_EQ(piecesOf(stage.sights[0]).rectangles.rows, 4);
  EXPECT_EQ(piecesOf(stage.sights[1]).rectangles.rows, 9);
}

INSTANTIATE_TEST_SUITE_P(Plans, PiecesOf, ::testing::ValuesIn(kCases),
                         [](const auto& about) { return std::string(about.param.name); });

}  // namespace
}  // namespace cv::mixmim
