#include "objectives/decoder.hpp"

#include <gtest/gtest.h>

#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim {
namespace {

class DecoderDepth : public ::testing::TestWithParam<int> {};

TEST_P(DecoderDepth, HiddenCellsAreThoseOfTheFullViews) {
  const Config config =
      test::tinyConfig(Task::kPretrain, {{"model.decoderDepth", std::to_string(GetParam()), ""}});
  const Plan plan = planOf(config.model);
  const Weights weights(config.model, Task::kPretrain, 3, at::kCPU);
  const Decoder decoder(weights, config.model);
  const CellOrder cells(test::randomMask(config, 5), at::kCPU);
  const int64_t images = 3, count = plan.cellCount();
  const at::Tensor tokens = at::randn({images, count, plan.featureDim()});
  const at::Tensor views = decoder.predict(decoder.views(tokens, cells)).index_select(1, cells.cells.order);
  const at::Tensor wanted = at::cat({views.narrow(0, images, images).narrow(1, 0, cells.own),
                                     views.narrow(0, 0, images).narrow(1, cells.own, cells.partner)},
                                    1);
  EXPECT_TRUE(decoder.predictHidden(tokens, cells).allclose(wanted, 1e-4, 1e-5));
  EXPECT_TRUE(decoder.predictHidden(tokens, cells, /*both=*/false)
                  .allclose(wanted.narrow(1, cells.own, cells.partner), 1e-4, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Blocks, DecoderDepth, ::testing::Values(0, 1, 2));

TEST(CellOrder, SortsCellsByWhomTheyShow) {
  cv::Mat mask = (cv::Mat_<uchar>(2, 2) << 1, 0, 1, 0);
  const CellOrder cells(mask, at::kCPU);
  EXPECT_EQ(cells.own, 2);
  EXPECT_EQ(cells.partner, 2);
  EXPECT_TRUE(cells.cells.order.equal(at::tensor({1, 3, 0, 2}, at::kLong)));
}

}  // namespace
}  // namespace cv::mixmim
