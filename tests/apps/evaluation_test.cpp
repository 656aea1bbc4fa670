#include "evaluation/evaluation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/program.hpp"
#include "tests/support/thread_world.hpp"

namespace cv::mixmim {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Case {
  const char* name;
  std::vector<float> scores;
  int label;
  double top1, top5;
  int answer;
};

TEST(Accuracy, CountsAnswers) {
  const Case cases[] = {
      {"right", {0, 3, 1, 0, 0, 0, 0}, 1, 1, 1, 1},
      {"second", {0, 3, 1, 0, 0, 0, 0}, 2, 0, 1, 1},
      {"fifth", {5, 4, 3, 2, 1, 0, -1}, 4, 0, 1, 0},
      {"sixth", {5, 4, 3, 2, 1, 0, -1}, 5, 0, 0, 0},
      {"shares the first place", {0, 3, 3, 0, 0, 0, 0}, 1, 0, 1, 2},
      {"shares the fifth place", {5, 4, 3, 2, 1, 1, 0}, 4, 0, 0, 0},
      {"all equal", {1, 1, 1, 1, 1, 1, 1}, 0, 0, 0, 1},
      {"not a number is no answer", {kNan, 0, 0, 0, 0, 0, -1}, 0, 0, 0, 1},
      {"nothing is a number", {kNan, kNan, kNan, kNan, kNan, kNan, kNan}, 6, 0, 0, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Accuracy accuracy(7);
    accuracy.add(c.scores.data(), c.label);
    const EvaluationResult result = accuracy.result();
    EXPECT_EQ(result.images, 1);
    EXPECT_EQ(result.top1, c.top1);
    EXPECT_EQ(result.top5, c.top5);
    EXPECT_EQ(result.confusion.at<int>(c.label, c.answer), 1);
    EXPECT_EQ(cv::sum(result.confusion)[0], 1);
  }
}

TEST(Accuracy, ClassByClass) {
  Accuracy accuracy(3);
  const float scores[3][3] = {{2, 1, 0}, {0, 2, 1}, {0, 1, 2}};  // the answer is the row
  const int answersAndLabels[][2] = {{0, 0}, {0, 0}, {1, 0}, {1, 1}, {0, -1}};
  for (const auto& [answer, label] : answersAndLabels) accuracy.add(scores[answer], label);
  const EvaluationResult result = accuracy.result();
  EXPECT_EQ(result.images, 4);
  EXPECT_EQ(result.top1, 0.75);
  EXPECT_EQ(result.imagesOf(0), 3);
  EXPECT_EQ(result.imagesOf(2), 0);
  EXPECT_DOUBLE_EQ(result.top1Of(0), 2.0 / 3);
  EXPECT_EQ(result.top1Of(1), 1);
  EXPECT_EQ(result.top1Of(2), 0);
  EXPECT_EQ(result.confusion.at<int>(0, 1), 1);
  const double sum = 1 + std::exp(-1.0) + std::exp(-2.0);
  EXPECT_NEAR(result.loss, std::log(sum) + 2.0 / 4, 1e-12);
}

/// Scores of mean colour, as good as any.
cv::Mat scoresOf(const Batch& batch) {
  cv::Mat scores(batch.count, 2, CV_32F);
  const int pixels = batch.imageSize() * batch.imageSize();
  for (int i = 0; i < batch.count; ++i) {
    const cv::Mat image(pixels, 1, CV_8UC3, const_cast<uchar*>(batch.images.ptr(i)));
    const double mean = cv::sum(cv::mean(image))[0];
    scores.at<float>(i, 0) = static_cast<float>(std::cos(mean));
    scores.at<float>(i, 1) = static_cast<float>(std::sin(mean));
  }
  return scores;
}

void expectSame(const std::vector<Mistake>& found, const std::vector<Mistake>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].sample, expected[i].sample) << i;
    EXPECT_EQ(found[i].probability, expected[i].probability) << i;
    EXPECT_EQ(cv::norm(found[i].picture, expected[i].picture, cv::NORM_INF), 0) << i;
  }
}

TEST(Evaluation, CountsEveryImageOnceInAnyNumberOfProcesses) {
  const test::TempFolder folder;
  test::makeData(folder.path(), 19);
  const auto source = openSource((folder.path() / "val").string());
  Config config;
  config.data.batch = 4;
  config.model.imageSize = 32;
  config.run.threads = 1;
  Mistakes mistakesAlone;
  const EvaluationResult alone = evaluate(source, config, 2, scoresOf, *aloneInTheWorld(), &mistakesAlone);
  EXPECT_EQ(alone.images, 38);
  EXPECT_FALSE(mistakesAlone.mostConfident().empty());
  for (int size = 1; size <= 4; ++size) {
    std::vector<EvaluationResult> results(static_cast<size_t>(size));
    std::vector<Mistakes> mistakes(static_cast<size_t>(size));
    test::inThreads(size, [&](World& world) {
      const auto rank = static_cast<size_t>(world.rank());
      results[rank] = evaluate(source, config, 2, scoresOf, world, &mistakes[rank]);
    });
    for (const Mistakes& found : mistakes) {
      expectSame(found.mostConfident(), mistakesAlone.mostConfident());
      expectSame(found.hardest(), mistakesAlone.hardest());
    }
    for (const EvaluationResult& result : results) {
      EXPECT_EQ(result.images, alone.images) << size;
      EXPECT_EQ(result.top1, alone.top1) << size;
      EXPECT_EQ(result.loss, alone.loss) << size;
      EXPECT_EQ(cv::norm(result.confusion, alone.confusion, cv::NORM_INF), 0) << size;
    }
  }
}

}  // namespace
}  // namespace cv::mixmim
