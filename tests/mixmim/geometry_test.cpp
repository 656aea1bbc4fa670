#include "opencv2/mixmim/train/geometry.hpp"

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

TEST(Geometry, FollowsThePublishedTableAndTheRule) {
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
    const Geometry geometry = geometryOf(config.model);
    EXPECT_EQ(geometry.stride, c.stride);
    EXPECT_EQ(geometry.cells, c.cells);
    ASSERT_EQ(geometry.stages.size(), c.grids.size());
    for (size_t s = 0; s < c.grids.size(); ++s) {
      EXPECT_EQ(geometry.stages[s].grid, c.grids[s]);
      EXPECT_EQ(geometry.stages[s].window, c.windows[s]);
      EXPECT_EQ(geometry.stages[s].heads, c.heads[s]);
    }
  }
}

TEST(Geometry, RejectsWhatDoesNotFit) {
  ModelConfig model;
  model.imageSize = 100;
  MIXMIM_EXPECT_ERROR(geometryOf(model),
                      "model.imageSize: expected a multiple of the stride 32 (patchSize 4 * 2^3), "
                      "got 100; try 96");
  model = {};
  model.headDim = 48;
  MIXMIM_EXPECT_ERROR(geometryOf(model),
                      "model.headDim: expected a divisor of embedDim 128, got 48; every stage has "
                      "dim / headDim heads");
  model = {};
  model.depths = {};
  MIXMIM_EXPECT_ERROR(geometryOf(model),
                      "model.depths: expected 1 to 6 stages, got 0; write one number of blocks per "
                      "stage, as in 2,2,18,2");
  model = {};
  model.decoderHeads = 7;
  MIXMIM_EXPECT_ERROR(geometryOf(model),
                      "model.decoderHeads: expected a divisor of decoderDim 512, got 7; each head "
                      "takes an equal share of the width");
}

}  // namespace
}  // namespace cv::mixmim
