#include "evaluation/mean_iou.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/thread_world.hpp"

namespace cv::mixmim {
namespace {

using boost::json::value;

const value& golden() {
  static const value numbers = boost::json::parse(
      test::contentOf(std::string(MIXMIM_SOURCE_DIR) + "/tests/golden/dense/segmentation.json"));
  return numbers.at("miou");
}

int intOf(const value& number) {
  return static_cast<int>(number.to_number<double>());
}

/// A picture of the reference.
cv::Mat mapOf(const value& labels) {
  cv::Mat map(intOf(golden().at("rows")), intOf(golden().at("cols")), CV_8U);
  for (size_t i = 0; i < map.total(); ++i) map.data[i] = static_cast<uchar>(intOf(labels.at(i)));
  return map;
}

std::vector<std::string> names(int classes) {
  std::vector<std::string> labels;
  for (int i = 0; i < classes; ++i) labels.push_back("class " + std::to_string(i));
  return labels;
}

void expectNear(const value& expected, double found) {
  if (expected.is_null())
    EXPECT_TRUE(std::isnan(found));
  else
    EXPECT_NEAR(found, expected.to_number<double>(), 1e-9);
}

void expectReference(const Measured& result) {
  const auto classes = static_cast<size_t>(intOf(golden().at("classes")));
  expectNear(golden().at("mIoU"), result.headline().value);
  expectNear(golden().at("mAcc"), result.numbers.at(1).value);
  expectNear(golden().at("aAcc"), result.numbers.at(2).value);
  for (size_t i = 0; i < classes; ++i) {
    expectNear(golden().at("iou").at(i), result.classes.at(i).share.value);
    expectNear(golden().at("acc").at(i), result.classes.at(i).more.at(0).value);
    for (size_t j = 0; j < classes; ++j)
      EXPECT_EQ(result.confusion.at<int>(static_cast<int>(i), static_cast<int>(j)),
                intOf(golden().at("confusion_rows_are_truth").at(i).at(j)));
  }
}

TEST(MeanIou, IsThatOfTheReference) {
  MeanIou measure(names(intOf(golden().at("classes"))));
  const size_t pictures = golden().at("truth").as_array().size();
  for (size_t i = 0; i < pictures; ++i)
    measure.add(mapOf(golden().at("truth").at(i)), mapOf(golden().at("prediction").at(i)));
  EXPECT_EQ(measure.result().images, static_cast<int64_t>(pictures));
  expectReference(measure.result());
}

TEST(MeanIou, IsTheSameHoweverProcessesShareThePictures) {
  const size_t pictures = golden().at("truth").as_array().size();
  for (size_t ofFirst = 0; ofFirst <= pictures; ++ofFirst)
    test::inThreads(2, [&](World& world) {
      MeanIou measure(names(intOf(golden().at("classes"))));
      for (size_t i = 0; i < pictures; ++i)
        if ((i < ofFirst) == (world.rank() == 0))
          measure.add(mapOf(golden().at("truth").at(i)), mapOf(golden().at("prediction").at(i)));
      measure.addOthers(world);
      EXPECT_EQ(measure.result().images, static_cast<int64_t>(pictures));
      expectReference(measure.result());
    });
}

struct Counted {
  const char* name;
  std::vector<uchar> truth, answer;
  double miou, macc, aacc;
};

class MeanIouOf : public testing::TestWithParam<Counted> {};

TEST_P(MeanIouOf, ThreeClasses) {
  const auto& [name, truth, answer, miou, macc, aacc] = GetParam();
  MeanIou measure({"a", "b", "c"});
  if (!truth.empty()) measure.add(cv::Mat(truth), cv::Mat(answer));
  const Measured result = measure.result();
  EXPECT_DOUBLE_EQ(result.numbers.at(0).value, miou);
  EXPECT_DOUBLE_EQ(result.numbers.at(1).value, macc);
  EXPECT_DOUBLE_EQ(result.numbers.at(2).value, aacc);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MeanIouOf,
    testing::Values(Counted{"Right", {0, 1, 2}, {0, 1, 2}, 1, 1, 1},
                    Counted{"Wrong", {0, 1, 2}, {1, 2, 0}, 0, 0, 0}, Counted{"Nothing", {}, {}, 0, 0, 0},
                    Counted{"OnlyIgnored", {255, 255}, {0, 1}, 0, 0, 0},
                    Counted{"IgnoredOnBothSides", {0, 1, 255, 255}, {0, 1, 0, 200}, 1, 1, 1},
                    Counted{"AClassOnlyInAnswers", {0, 0, 1}, {0, 2, 1}, 0.5, 0.75, 2. / 3},
                    Counted{"AClassNowhere", {0, 0, 1, 1}, {0, 0, 0, 1}, (2. / 3 + 0.5) / 2, 0.75, 0.75}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(MeanIou, IsNoMeanOverPictures) {
  MeanIou measure({"a", "b"});
  measure.add(cv::Mat(1, 100, CV_8U, cv::Scalar(0)), cv::Mat(1, 100, CV_8U, cv::Scalar(0)));
  measure.add(cv::Mat(1, 1, CV_8U, cv::Scalar(0)), cv::Mat(1, 1, CV_8U, cv::Scalar(1)));
  const Measured result = measure.result();
  EXPECT_DOUBLE_EQ(result.classes.at(0).share.value, 100. / 101);
  EXPECT_DOUBLE_EQ(result.headline().value, 50. / 101);
  EXPECT_EQ(result.classes.at(0).images, 2);
  EXPECT_EQ(result.classes.at(1).images, 0);
}

TEST(MeanIou, RefusesWhatIsNoClass) {
  const auto one = [](int label) { return cv::Mat(2, 2, CV_8U, cv::Scalar(label)); };
  MeanIou measure({"a", "b"});
  MIXMIM_EXPECT_ERROR(measure.add(one(2), one(0)), "evaluation: label 2, expected 0 to 1 or 255");
  MIXMIM_EXPECT_ERROR(measure.add(one(0), one(2)), "evaluation: answer 2, expected 0 to 1");
  MIXMIM_EXPECT_ERROR(measure.add(one(0), cv::Mat(2, 3, CV_8U, cv::Scalar(0))),
                      "evaluation: expected an answer of 2 x 2 as the truth, got 3 x 2");
}

TEST(MeanIou, WritesNullForAClassThatIsNowhere) {
  MeanIou measure({"a", "b"});
  measure.add(cv::Mat(1, 4, CV_8U, cv::Scalar(0)), cv::Mat(1, 4, CV_8U, cv::Scalar(0)));
  EXPECT_EQ(
      boost::json::serialize(toJson(measure.result())),
      R"({"images":1,"miou":1E0,"macc":1E0,"aacc":1E0,"per_class":[)"
      R"({"label":"a","images":1,"iou":1E0,"acc":1E0},{"label":"b","images":0,"iou":null,"acc":null}]})");
}

}  // namespace
}  // namespace cv::mixmim
