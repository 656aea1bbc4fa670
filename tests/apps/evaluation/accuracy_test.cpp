#include "evaluation/accuracy.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "opencv2/mixmim/json.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/thread_world.hpp"

namespace cv::mixmim {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A batch without pixels.
Batch batchOf(const std::vector<int>& labels, int64_t step = 0) {
  Batch batch;
  batch.step = step;
  batch.count = static_cast<int>(labels.size());
  batch.classTargets = cv::Mat(labels, true);
  for (int i = 0; i < batch.count; ++i) batch.samples.push_back(100 * step + i);
  return batch;
}

Answers answersOf(const std::vector<std::vector<float>>& rows) {
  Answers answers;
  for (const std::vector<float>& row : rows) answers.scores.push_back(cv::Mat(row, true).t());
  return answers;
}

double valueOf(const Measured& measured, const std::string& name) {
  for (const NamedNumber& number : measured.numbers)
    if (number.name == name) return number.value;
  ADD_FAILURE() << "no number " << name;
  return kNan;
}

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
    Accuracy accuracy({"a", "b", "c", "d", "e", "f", "g"});
    accuracy.add(batchOf({c.label}), answersOf({c.scores}));
    const Measured measured = accuracy.result();
    EXPECT_EQ(measured.images, 1);
    EXPECT_EQ(valueOf(measured, "top1"), c.top1);
    EXPECT_EQ(valueOf(measured, "top5"), c.top5);
    EXPECT_EQ(measured.confusion.at<int>(c.label, c.answer), 1);
    EXPECT_EQ(cv::sum(measured.confusion)[0], 1);
  }
}

/// Four answers of five count; each of the three rows names its own number.
Measured fewAnswers() {
  Accuracy accuracy({"x", "y", "z"});
  const std::vector<float> first{2, 1, 0}, second{0, 2, 1};
  accuracy.add(batchOf({0, 0, 0, 1, -1}), answersOf({first, first, second, second, first}));
  return accuracy.result();
}

TEST(Accuracy, ClassByClass) {
  const Measured measured = fewAnswers();
  EXPECT_EQ(measured.images, 4);
  EXPECT_EQ(valueOf(measured, "top1"), 0.75);
  ASSERT_EQ(measured.classes.size(), 3u);
  EXPECT_EQ(measured.classes[0].images, 3);
  EXPECT_EQ(measured.classes[2].images, 0);
  EXPECT_DOUBLE_EQ(measured.classes[0].share.value, 2.0 / 3);
  EXPECT_EQ(measured.classes[1].share.value, 1);
  EXPECT_EQ(measured.classes[2].share.value, 0);
  EXPECT_EQ(measured.confusion.at<int>(0, 1), 1);
  const double sum = 1 + std::exp(-1.0) + std::exp(-2.0);
  EXPECT_NEAR(valueOf(measured, "loss"), std::log(sum) + 2.0 / 4, 1e-12);
}

TEST(Accuracy, IsJudgedByTop1) {
  const Measured measured = fewAnswers();
  EXPECT_STREQ(measured.headline().name, "top1");
  EXPECT_EQ(measured.headline().value, 0.75);
  std::vector<std::string> texts;
  for (const NamedNumber& number : measured.numbers) texts.push_back(textOf(number));
  EXPECT_EQ(texts, (std::vector<std::string>{"top-1 75.00 %", "top-5 100.00 %", "loss 0.9076"}));
}

TEST(Accuracy, AsJson) {
  boost::json::object json = toJson(fewAnswers());
  EXPECT_NEAR(json.at("loss").as_double(), 0.9076, 1e-4);
  json["loss"] = 1;
  EXPECT_EQ(jsonText(json),
            R"({"images":4,"top1":0.75,"top5":1,"loss":1,"per_class":[)"
            R"({"label":"x","images":3,"top1":0.6666666666666666,)"
            R"("precision":1,"recall":0.6666666666666666,"f1":0.8},)"
            R"({"label":"y","images":1,"top1":1,"precision":0.5,"recall":1,"f1":0.6666666666666666},)"
            R"({"label":"z","images":0,"top1":0,"precision":0,"recall":0,"f1":0}],)"
            R"("macro":{"precision":0.75,"recall":0.8333333333333333,"f1":0.7333333333333334}})");
  Accuracy nothing({"a", "b"});
  nothing.add(batchOf({0}), answersOf({{kNan, kNan}}));
  EXPECT_TRUE(toJson(nothing.result()).at("loss").is_null());
}

TEST(Accuracy, OfNothingIsNothing) {
  const Measured measured = Accuracy({"a", "b"}).result();
  EXPECT_EQ(measured.images, 0);
  EXPECT_EQ(measured.headline().value, 0);
  EXPECT_EQ(measured.classes.size(), 2u);
}

TEST(Accuracy, NeedsAScoreForEveryLabel) {
  Accuracy accuracy({"a", "b", "c"});
  MIXMIM_EXPECT_ERROR(accuracy.add(batchOf({0}), answersOf({{1, 2}})),
                      "evaluation: expected 3 scores per image, one for each label, got 2");
}

TEST(Accuracy, KeepsMistakesWherePixelsCame) {
  const Answers wrong = answersOf({{1, 2}, {1, 2}});
  Accuracy accuracy({"dark", "light"});
  Batch batch = batchOf({0, 1}, 3);
  accuracy.add(batch, wrong);
  for (const TellingPictures& telling : accuracy.result().telling) EXPECT_TRUE(telling.pictures.empty());
  const int shape[] = {2, 2, 2, 3};
  batch.images = cv::Mat(4, shape, CV_8U, cv::Scalar(7));
  accuracy.add(batch, wrong);
  const std::vector<TellingPictures> telling = accuracy.result().telling;
  ASSERT_EQ(telling.size(), 2u);
  EXPECT_STREQ(telling[0].name, "confident");
  EXPECT_STREQ(telling[1].name, "hardest");
  ASSERT_EQ(telling[0].pictures.size(), 1u);
  EXPECT_TRUE(telling[1].pictures.empty());
  const TellingPicture& one = telling[0].pictures.front();
  EXPECT_EQ(one.sample, 300);
  EXPECT_EQ(one.picture.at<cv::Vec3b>(1, 1), cv::Vec3b(7, 7, 7));
  EXPECT_EQ(one.facts.at("label"), "dark");
  EXPECT_EQ(one.facts.at("answer"), "light");
  EXPECT_NEAR(one.facts.at("probability").as_double() + one.facts.at("label_probability").as_double(), 1,
              1e-12);
}

/// Batches whose losses, added up in another order or in parts, mostly give other bits.
void addBatch(Accuracy& accuracy, int64_t step) {
  const auto number = static_cast<float>(step);
  accuracy.add(batchOf({0, 1, 1}, step), answersOf({{0, 1.3F * number}, {0.1F * number, 0}, {0, 0}}));
}

TEST(Accuracy, IsTheSameHoweverProcessesShareTheBatches) {
  constexpr int64_t kBatches = 9;
  Accuracy alone({"a", "b"});
  for (int64_t step = 0; step < kBatches; ++step) addBatch(alone, step);
  const Measured expected = alone.result();
  for (int64_t ofFirst = 1; ofFirst <= kBatches; ++ofFirst) {  // in the end the second has none
    std::vector<Measured> results(2);
    test::inThreads(2, [&](World& world) {
      Accuracy accuracy({"a", "b"});
      for (int64_t step = 0; step < kBatches; ++step)
        if ((step < ofFirst) == (world.rank() == 0)) addBatch(accuracy, step);
      accuracy.addOthers(world);
      results[static_cast<size_t>(world.rank())] = accuracy.result();
    });
    for (const Measured& result : results) {
      EXPECT_EQ(result.images, 27);
      for (size_t i = 0; i < expected.numbers.size(); ++i)
        EXPECT_EQ(result.numbers.at(i).value, expected.numbers[i].value) << ofFirst << i;
      EXPECT_EQ(cv::norm(result.confusion, expected.confusion, cv::NORM_INF), 0);
    }
  }
}

TEST(Measure, OfATask) {
  EXPECT_EQ(makeMeasure(Task::kPretrain, Labelling::kOne, {}), nullptr);
  const std::pair<Labelling, const char*> titles[] = {{Labelling::kOne, "top-1"},
                                                      {Labelling::kSeveral, "mAP"}};
  for (const auto& [labelling, title] : titles) {
    const NamedNumber headline = makeMeasure(Task::kFinetune, labelling, {"a", "b"})->result().headline();
    EXPECT_STREQ(headline.title, title);
    EXPECT_STREQ(headline.name, headlineName(labelling));
  }
}

}  // namespace
}  // namespace cv::mixmim
