#include "evaluation/multi_label.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evaluation/answer_sheet.hpp"
#include "evaluation/answers.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/thread_world.hpp"

namespace cv::mixmim {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Ranking {
  std::vector<float> scores;
  std::vector<bool> hasLabel;
  double expected;  // of scikit-learn 1.7
};

TEST(AveragePrecision, IsThatOfScikitLearn) {
  const Ranking cases[] = {
      {{0.1F, 0.4F, 0.35F, 0.8F}, {false, false, true, true}, 0.8333333333333333},
      {{1, 1, 1, 1}, {true, false, false, true}, 0.5},
      {{3, 2, 2, 1, 0}, {false, true, false, true, true}, 0.4777777777777778},
      {{0.5F, 0.2F, 0.9F}, {false, true, false}, 0.3333333333333333},
      {{5, 5, 4, 4, 4, 1, 1}, {true, false, true, true, false, false, true}, 0.5678571428571428},
  };
  for (const auto& [scores, hasLabel, expected] : cases)
    EXPECT_NEAR(averagePrecision(scores, hasLabel), expected, 1e-15);
}

TEST(AveragePrecision, OfWhatCannotBeRanked) {
  EXPECT_EQ(averagePrecision({1, 2}, {false, false}), 0) << "no picture has the label";
  EXPECT_EQ(averagePrecision({}, {}), 0);
  EXPECT_EQ(averagePrecision({kNan, 1}, {true, false}), 0.5) << "a NaN comes last";
}

/// Pictures without pixels, a row of labels for each.
Batch batchOf(const cv::Mat_<uchar>& labels, int64_t step = 0) {
  Batch batch;
  batch.step = step;
  batch.count = labels.rows;
  batch.labelTargets = labels;
  for (int i = 0; i < batch.count; ++i) batch.samples.push_back(100 * step + i);
  return batch;
}

Answers answersOf(const cv::Mat_<float>& scores) {
  Answers answers;
  answers.scores = scores;
  return answers;
}

const cv::Mat_<uchar> kLabels = (cv::Mat_<uchar>(3, 3) << 1, 0, 0, 1, 1, 0, 0, 0, 0);
const cv::Mat_<float> kScores = (cv::Mat_<float>(3, 3) << 2, 1, -1, -1, 3, -2, 1, -3, -1);

TEST(MultiLabel, CountsLabels) {
  MultiLabel measure({"ape", "bee", "cat"});
  measure.add(batchOf(kLabels), answersOf(kScores));
  const Measured result = measure.result();
  EXPECT_EQ(result.images, 3);
  ASSERT_EQ(result.numbers.size(), 4u);
  EXPECT_STREQ(result.headline().name, "map");
  // ape: pictures 0, 2, 1 in the order of their scores, of which the first and last have it; bee: 1 is first.
  EXPECT_DOUBLE_EQ(result.headline().value, ((1 + 2. / 3) / 2 + 1) / 2);
  EXPECT_DOUBLE_EQ(result.numbers[1].value, 4. / 7) << "2 right, 4 answered, 3 there";
  EXPECT_DOUBLE_EQ(result.numbers[2].value, 0) << "every picture has a label too many or too few";
  double loss = 0;
  for (int i = 0; i < 9; ++i) {
    const double p = 1 / (1 + std::exp(-double{kScores(i / 3, i % 3)}));
    loss -= std::log(kLabels(i / 3, i % 3) ? p : 1 - p) / 9;
  }
  EXPECT_NEAR(result.numbers[3].value, loss, 1e-12);
  ASSERT_EQ(result.classes.size(), 3u);
  EXPECT_EQ(result.classes[0].images, 2);
  EXPECT_DOUBLE_EQ(result.classes[0].share.value, (1 + 2. / 3) / 2);
  EXPECT_DOUBLE_EQ(result.classes[1].more[0].value, 0.5) << "precision";
  EXPECT_DOUBLE_EQ(result.classes[1].more[1].value, 1) << "recall";
  EXPECT_DOUBLE_EQ(result.classes[1].more[2].value, 2. / 3) << "F1";
  EXPECT_EQ(result.classes[2].images, 0);
  ASSERT_EQ(result.macro.size(), 3u);
  EXPECT_DOUBLE_EQ(result.macro[1].value, (0.5 + 1) / 2) << "cat, which no picture has, does not count";
  EXPECT_TRUE(result.confusion.empty());
}

TEST(MultiLabel, OfNothingIsNothing) {
  const Measured result = MultiLabel({"a", "b"}).result();
  EXPECT_EQ(result.images, 0);
  for (const NamedNumber& number : result.numbers) EXPECT_EQ(number.value, 0) << number.name;
}

TEST(MultiLabel, WantsAScorePerLabel) {
  MIXMIM_EXPECT_ERROR(MultiLabel({"a", "b"}).add(batchOf(kLabels), answersOf(kScores)),
                      "evaluation: expected 2 scores per image, one for each label, got 3");
}

TEST(MultiLabel, IsTheSameHoweverProcessesShareTheBatches) {
  constexpr int64_t kBatches = 4;
  const auto add = [](MultiLabel& measure, int64_t step) {
    const cv::Mat scores = kScores * (0.1 * static_cast<double>(step) + 1);
    measure.add(batchOf(kLabels, step), answersOf(scores));
  };
  MultiLabel alone({"a", "b", "c"});
  for (int64_t step = 0; step < kBatches; ++step) add(alone, step);
  const Measured expected = alone.result();
  for (int64_t ofFirst = 1; ofFirst <= kBatches; ++ofFirst)  // in the end the second has none
    test::inThreads(2, [&](World& world) {
      MultiLabel measure({"a", "b", "c"});
      for (int64_t step = 0; step < kBatches; ++step)
        if ((step < ofFirst) == (world.rank() == 0)) add(measure, step);
      measure.addOthers(world);
      const Measured result = measure.result();
      EXPECT_EQ(result.images, 12);
      for (size_t i = 0; i < expected.numbers.size(); ++i)
        EXPECT_EQ(result.numbers.at(i).value, expected.numbers[i].value) << ofFirst << i;
    });
}

TEST(Answers, OfSeveralLabelsAreAlikeWhereTheSameAreAbove) {
  const float one[] = {1, -1, 0}, same[] = {0.1F, -3, -0.5F}, other[] = {1, 1, 0}, none[] = {kNan, -1, 0};
  EXPECT_TRUE(labelsAlike(one, same, 3));
  EXPECT_FALSE(labelsAlike(one, other, 3));
  EXPECT_FALSE(labelsAlike(one, none, 3));
}

}  // namespace
}  // namespace cv::mixmim
