#include "evaluation/evaluation.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

#include "evaluation/feature_table.hpp"
#include "tests/support/program.hpp"
#include "tests/support/thread_world.hpp"

namespace cv::mixmim {
namespace {

/// Scores of mean colour, as good as any; they serve as features too.
Answers answersOf(const Batch& batch) {
  Answers answers;
  answers.scores.create(batch.count, 2, CV_32F);
  for (int i = 0; i < batch.count; ++i) {
    const double mean = cv::sum(cv::mean(batch.picture(i)))[0];
    answers.scores.at<float>(i, 0) = static_cast<float>(std::cos(mean));
    answers.scores.at<float>(i, 1) = static_cast<float>(std::sin(mean));
  }
  answers.features = answers.scores;
  return answers;
}

void expectSame(const TellingPictures& found, const TellingPictures& expected) {
  EXPECT_STREQ(found.name, expected.name);
  ASSERT_EQ(found.pictures.size(), expected.pictures.size());
  for (size_t i = 0; i < found.pictures.size(); ++i) {
    const TellingPicture &one = found.pictures[i], &other = expected.pictures[i];
    EXPECT_EQ(one.sample, other.sample) << i;
    EXPECT_EQ(one.facts, other.facts) << i;
    EXPECT_EQ(cv::norm(one.picture, other.picture, cv::NORM_INF), 0) << i;
  }
}

class Evaluation : public ::testing::Test {
 protected:
  Evaluation() {
    test::makeData(folder_.path(), 19);
    source_ = openSource((folder_.path() / "val").string());
    config_.data.batch = 4;
    config_.model.imageSize = {32, 32};
    config_.run.threads = 1;
  }

  void show(Tally& tally, World& world = *aloneInTheWorld()) const {
    evaluate(source_, config_, answersOf, tally, world);
  }

  std::unique_ptr<Measure> measure() const {
    return makeMeasure(Task::kFinetune, Labelling::kOne, source_->labels());
  }

  const test::TempFolder folder_;
  std::shared_ptr<const Source> source_;
  Config config_;
};

TEST_F(Evaluation, CountsEveryImageOnceInAnyNumberOfProcesses) {
  const auto one = measure();
  show(*one);
  const Measured alone = one->result();
  EXPECT_EQ(alone.images, 38);
  ASSERT_EQ(alone.telling.size(), 2u);
  EXPECT_FALSE(alone.telling[0].pictures.empty());
  for (int size = 1; size <= 4; ++size) {
    std::vector<Measured> results(static_cast<size_t>(size));
    test::inThreads(size, [&](World& world) {
      const auto shared = measure();
      show(*shared, world);
      results[static_cast<size_t>(world.rank())] = shared->result();
    });
    for (const Measured& result : results) {
      EXPECT_EQ(result.images, alone.images) << size;
      for (size_t i = 0; i < alone.numbers.size(); ++i)
        EXPECT_EQ(result.numbers.at(i).value, alone.numbers[i].value) << size << alone.numbers[i].name;
      EXPECT_EQ(cv::norm(result.confusion, alone.confusion, cv::NORM_INF), 0) << size;
      for (size_t i = 0; i < alone.telling.size(); ++i) expectSame(result.telling.at(i), alone.telling[i]);
    }
  }
}

TEST_F(Evaluation, ATableOfFeaturesIsInTheOrderOfTheDataInAnyNumberOfProcesses) {
  FeatureTable alone;
  show(alone);
  ASSERT_EQ(alone.rows().labels.rows, 38);
  for (int i = 0; i < 38; ++i) EXPECT_EQ(alone.rows().labels.at<int>(i), source_->label(i));
  EXPECT_EQ(alone.rows().features.size(), cv::Size(2, 38));
  for (const int size : {1, 2, 3, 12}) {  // of ten batches
    std::vector<LabelledFeatures> tables(static_cast<size_t>(size));
    test::inThreads(size, [&](World& world) {
      FeatureTable table;
      show(table, world);
      tables[static_cast<size_t>(world.rank())] = table.rows();
    });
    for (const LabelledFeatures& table : tables) {
      ASSERT_EQ(table.features.size(), cv::Size(2, 38)) << size;
      EXPECT_EQ(cv::norm(table.features, alone.rows().features, cv::NORM_INF), 0) << size;
      EXPECT_EQ(cv::norm(table.labels, alone.rows().labels, cv::NORM_INF), 0) << size;
    }
  }
}

TEST(FeatureTable, PassesOverImagesWithoutALabel) {
  Batch batch;
  batch.count = 3;
  batch.classTargets = cv::Mat(std::vector<int>{1, -1, 0}, true);
  Answers answers;
  answers.features = cv::Mat(std::vector<float>{5, 6, 7}, true);
  FeatureTable table;
  table.add(batch, answers);
  EXPECT_EQ(std::vector<int>(table.rows().labels), (std::vector<int>{1, 0}));
  EXPECT_EQ(std::vector<float>(table.rows().features), (std::vector<float>{5, 7}));
}

}  // namespace
}  // namespace cv::mixmim
