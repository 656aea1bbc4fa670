// A tiny model must be able to learn 8 images by heart: if any gradient were wrong, it could not.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim::test {
namespace {

class Learning : public ::testing::TestWithParam<const char*> {
 protected:
  /// Blocks in pairs, so that Swin's windows shift in every stage but the last, which is one window.
  static Config configOf(Task task) {
    return tinyConfig(task, {{"model.encoder", GetParam(), ""}, {"model.depths", "2,2,2,1", ""}});
  }
};

TEST_P(Learning, PretrainingOverfitsEightImages) {
  const Config config = configOf(Task::kPretrain);
  const auto trainer = createTrainer(config);
  const Batch plain = pictures(config, 8);
  StepReport report;
  for (int step = 0; step < 160; ++step) {
    Batch batch = mixed(plain, randomMask(config, static_cast<uint64_t>(step % 4)));
    batch.step = step;
    report = trainer->step(batch).value();
    if (step == 0) {
      EXPECT_GT(report.loss, 0.8);
    }
  }
  EXPECT_LT(report.loss, 0.2);
  const cv::Mat rebuilt = trainer->answers(mixed(plain, randomMask(config, 0))).pictures;
  EXPECT_GT(cv::PSNR(rebuilt.reshape(1, 8), plain.images.reshape(1, 8)),
            20);  // the hidden cells, all from memory
}

TEST_P(Learning, FineTuningOverfitsEightImages) {
  const Config config = configOf(Task::kFinetune);
  const auto trainer = createTrainer(config);
  Batch batch = pictures(config, 8);
  for (batch.step = 0; batch.step < 60; ++batch.step) trainer->step(batch);
  const cv::Mat logits = trainer->answers(batch).scores;
  for (int i = 0; i < 8; ++i) {
    cv::Point best;
    cv::minMaxLoc(logits.row(i), nullptr, nullptr, nullptr, &best);
    EXPECT_EQ(best.x, i);
  }
}

/// The binary digits of a picture's number are its labels; picture 0 has none.
TEST(Learning, SeveralLabelsOfEightImages) {
  const Config config =
      tinyConfig(Task::kFinetune, {{"model.labels", "several", ""}, {"model.classes", "3", ""}});
  const auto trainer = createTrainer(config);
  Batch batch = pictures(config, 8);
  batch.labelTargets.create(8, 3, CV_8U);
  for (int i = 0; i < 24; ++i) batch.labelTargets.at<uchar>(i / 3, i % 3) = i / 3 >> i % 3 & 1;
  for (batch.step = 0; batch.step < 100; ++batch.step) trainer->step(batch);
  const cv::Mat answered = trainer->answers(batch).scores > 0;
  EXPECT_EQ(cv::countNonZero(answered != 255 * batch.labelTargets), 0) << answered;
}

INSTANTIATE_TEST_SUITE_P(Encoders, Learning,
                         ::testing::Values("mixmim", "swin", "pvt", "twins_svt", "pvt_v2"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace cv::mixmim::test
