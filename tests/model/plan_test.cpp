#include "model/plan.hpp"

#include <gtest/gtest.h>

#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

struct Case {
  const char* name;
  const char* model;
  int imageSize;
  int stride, cells;
  std::vector<int> grids, windows, heads;
};

TEST(Plan, OfMixMimFollowsThePublishedTableAndTheRule) {
  const Case cases[] = {
      {"base at 224", "base", 224, 32, 7, {56, 28, 14, 7}, {14, 14, 14, 7}, {4, 8, 16, 32}},
      {"base at 384", "base", 384, 32, 12, {96, 48, 24, 12}, {16, 16, 24, 12}, {4, 8, 16, 32}},
      {"huge at 224", "huge", 224, 32, 7, {56, 28, 14, 7}, {14, 14, 14, 7}, {11, 22, 44, 88}},
      {"tiny at 64", "tiny", 64, 32, 2, {16, 8, 4, 2}, {8, 8, 4, 2}, {1, 2, 4, 8}},
      {"small at 64", "small", 64, 16, 4, {16, 8, 4}, {8, 8, 4}, {2, 4, 8}},
      {"small at 352", "small", 352, 16, 22, {88, 44, 22}, {11, 11, 11}, {2, 4, 8}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Config config =
        resolve(Task::kPretrain, {{"model", c.model, ""}, {"size", std::to_string(c.imageSize), ""}});
    const Plan plan = planOf(config.model);
    EXPECT_EQ(plan.stride, c.stride);
    EXPECT_EQ(plan.cells, cv::Size(c.cells, c.cells));
    EXPECT_EQ(plan.stages.front().position, Position::kFixed);
    ASSERT_EQ(plan.stages.size(), c.grids.size());
    for (size_t s = 0; s < c.grids.size(); ++s) {
      EXPECT_EQ(plan.stages[s].grid, cv::Size(c.grids[s], c.grids[s]));
      EXPECT_EQ(plan.stages[s].heads, c.heads[s]);
      for (const Block& block : plan.stages[s].blocks) {
        EXPECT_EQ(block.window, cv::Size(c.windows[s], c.windows[s]));
        EXPECT_FALSE(block.shifted());
      }
    }
  }
}

ModelConfig swin(int imageSize, int window) {
  ModelConfig model;
  model.encoder = Family::kSwin;
  model.imageSize = {imageSize, imageSize};
  model.window = window;
  model.embedDim = 96;
  model.depths = {2, 2, 6, 2};
  return model;
}

struct SwinCase {
  int imageSize, option;
  std::vector<int> windows, shifts;  // a window, and the shift of every second block, for each stage
};

// Published: Swin and SimMIM at 192, 224 and 384 px, Swin V2 at 256.
TEST(Plan, OfSwinHasThePublishedWindows) {
  const SwinCase cases[] = {
      {224, 0, {7, 7, 7, 7}, {3, 3, 3, 0}},        {224, 7, {7, 7, 7, 7}, {3, 3, 3, 0}},
      {224, 14, {14, 14, 14, 7}, {7, 7, 0, 0}},    {192, 7, {6, 6, 6, 6}, {3, 3, 3, 0}},
      {192, 14, {12, 12, 12, 6}, {6, 6, 0, 0}},    {256, 7, {8, 8, 8, 8}, {4, 4, 4, 0}},
      {256, 14, {16, 16, 16, 8}, {8, 8, 0, 0}},    {384, 7, {12, 12, 12, 12}, {6, 6, 6, 0}},
      {384, 14, {24, 24, 24, 12}, {12, 12, 0, 0}}, {448, 7, {7, 7, 7, 7}, {3, 3, 3, 3}},
  };
  for (const SwinCase& c : cases) {
    SCOPED_TRACE(cv::format("%d px, window %d", c.imageSize, c.option));
    const Plan plan = planOf(swin(c.imageSize, c.option));
    EXPECT_EQ(plan.stages.front().position, Position::kNone);
    for (size_t s = 0; s < plan.stages.size(); ++s)
      for (size_t n = 0; n < plan.stages[s].blocks.size(); ++n) {
        const Block& block = plan.stages[s].blocks[n];
        const int shift = n % 2 == 0 ? 0 : c.shifts[s];
        EXPECT_EQ(block.window, cv::Size(c.windows[s], c.windows[s])) << block.name;
        EXPECT_EQ(block.shift, cv::Size(shift, shift)) << block.name;
      }
  }
}

TEST(Plan, PicturesNeedNotBeSquare) {
  const Plan plan = planOf(swin(224, 7), {448, 224});
  EXPECT_EQ(plan.cells, cv::Size(14, 7));
  EXPECT_EQ(plan.stages[3].grid, cv::Size(14, 7));
  EXPECT_EQ(plan.stages[3].blocks[1].window, cv::Size(7, 7));
  EXPECT_EQ(plan.stages[3].blocks[1].shift, cv::Size(3, 0));  // one window is as high as the grid
  const Plan own = planOf(ModelConfig{}, {96, 224});
  EXPECT_EQ(own.stages[1].grid, cv::Size(12, 28));
  EXPECT_EQ(own.stages[1].blocks[0].window, cv::Size(12, 14));
}

/// Layer decay counts layers as MixMIM's and SimMIM's code do.
TEST(Plan, LayersOfLayerDecay) {
  ModelConfig model = swin(224, 7);
  const Plan plan = planOf(model);
  EXPECT_EQ(plan.blocks, 12);
  EXPECT_EQ(plan.stages[1].embeddingLayer, 2);  // the block before
  EXPECT_EQ(plan.stages[3].embeddingLayer, 10);
  EXPECT_EQ(plan.stages[3].blocks[1].layer, 12);
  EXPECT_EQ(plan.headLayer, 13);
  model.encoder = Family::kMixMim;
  model.window = 0;
  const Plan own = planOf(model);
  EXPECT_EQ(own.stages[0].embeddingLayer, 0);
  EXPECT_EQ(own.stages[1].embeddingLayer, 3);  // the block behind
  EXPECT_EQ(own.headLayer, 12);
}

TEST(Plan, RejectsWhatDoesNotFit) {
  ModelConfig model;
  model.imageSize = {100, 100};
  MIXMIM_EXPECT_ERROR(planOf(model),
                      "model.imageSize: expected a multiple of the stride 32 (patchSize 4 * 2^3), "
                      "got 100; try 96");
  model = {};
  model.headDim = 48;
  MIXMIM_EXPECT_ERROR(planOf(model),
                      "model.headDim: expected a divisor of embedDim 128, got 48; every stage has "
                      "dim / headDim heads");
  model = {};
  model.depths = {};
  MIXMIM_EXPECT_ERROR(planOf(model),
                      "model.depths: expected 1 to 6 stages, got 0; write one number of blocks per "
                      "stage, as in 2,2,18,2");
  model = {};
  model.decoderHeads = 7;
  MIXMIM_EXPECT_ERROR(planOf(model),
                      "model.decoderHeads: expected a divisor of decoderDim 512, got 7; each head "
                      "takes an equal share of the width");
  model = {};
  model.window = 7;
  MIXMIM_EXPECT_ERROR(planOf(model),
                      "model.window: expected 0 for the encoder mixmim, got 7; its windows follow from the "
                      "image size");
  MIXMIM_EXPECT_ERROR(
      planOf(swin(224, 8)),
      "model.window: expected 7 or 14 for the encoder swin, got 8; the side of a window at 224 "
      "px; other sizes follow from it");
  MIXMIM_EXPECT_ERROR(
      planOf(swin(672, 14)),
      "model.window: expected windows that divide a grid of 21 x 21 tokens, got 14 x 14; use 7, "
      "or another image size");
}

TEST(MergingOrder, IsThatOfPublishedWeights) {
  const std::vector<cv::Point> expected{{0, 0}, {0, 1}, {1, 0}, {1, 1}};  // column, row
  EXPECT_EQ(mergingOrder(2), expected);
}

TEST(RelativePositionIndex, IsTheReferencesRow) {
  const cv::Mat index = relativePositionIndex({14, 14});
  ASSERT_EQ(index.size(), cv::Size(196, 196));
  EXPECT_EQ(index.at<int>(0, 0), 364);
  EXPECT_EQ(index.at<int>(0, 1), 363);
  EXPECT_EQ(index.at<int>(0, 14), 337);
  EXPECT_EQ(index.at<int>(195, 0), 728);
  EXPECT_EQ(index.at<int>(0, 195), 0);
}

TEST(RelativePositionIndex, DependsOnTheOffsetOnly) {
  const cv::Size window(5, 3);
  const cv::Mat index = relativePositionIndex(window);
  const int centre = index.at<int>(0, 0);
  for (int i = 0; i < window.area(); ++i)
    for (int j = 0; j < window.area(); ++j) {
      EXPECT_EQ(index.at<int>(i, j) + index.at<int>(j, i), 2 * centre);
      const bool bothHaveAColumnToTheRight = i % 5 + 1 < 5 && j % 5 + 1 < 5;
      if (bothHaveAColumnToTheRight) {
        EXPECT_EQ(index.at<int>(i, j), index.at<int>(i + 1, j + 1));
      }
    }
}

}  // namespace
}  // namespace cv::mixmim
