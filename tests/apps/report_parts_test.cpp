// The parts of a report: curves in bounded memory, axes, text.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "evaluation/mistakes.hpp"
#include "report/page/axis.hpp"
#include "report/page/chart.hpp"
#include "report/page/html.hpp"
#include "report/records/metrics.hpp"
#include "report/records/record_files.hpp"

namespace cv::mixmim::report {
namespace {

std::vector<double> valuesOf(const Curve& curve) {
  std::vector<double> values;
  for (const Point& point : curve.points()) values.push_back(point.y);
  return values;
}

TEST(Curve, KeepsAFewPointsAsTheyAre) {
  Curve curve;
  std::vector<double> expected;
  for (int i = 0; i < static_cast<int>(Curve::kMost); ++i) {
    expected.push_back(std::sin(i));
    curve.add({double(i), expected.back()});
  }
  EXPECT_EQ(valuesOf(curve), expected);
  EXPECT_FALSE(curve.thinned());
}

TEST(Curve, LosesNoPeakOfALongOne) {
  constexpr int kPoints = 1000003, kPeak = 654321, kDip = 123457;
  Curve curve;
  for (int i = 0; i < kPoints; ++i)
    curve.add({double(i), i == kPeak ? 50.0 : i == kDip ? -50.0 : std::sin(i * 1e-4)});
  const std::vector<Point> points = curve.points();
  EXPECT_LE(points.size(), 4 * Curve::kMost);
  EXPECT_GT(points.size(), Curve::kMost);
  bool peak = false, dip = false;
  for (size_t i = 0; i < points.size(); ++i) {
    peak = peak || (points[i].x == kPeak && points[i].y == 50);
    dip = dip || (points[i].x == kDip && points[i].y == -50);
    if (i > 0) {
      EXPECT_LT(points[i - 1].x, points[i].x);
    }
  }
  EXPECT_TRUE(peak);
  EXPECT_TRUE(dip);
  double sum = 0;
  for (const Point& mean : curve.means()) sum += mean.y;
  EXPECT_NEAR(sum / static_cast<double>(curve.means().size()), std::sin(50) * std::sin(50) / 50, 1e-2);
  EXPECT_TRUE(curve.thinned());
  EXPECT_EQ(points.front().x, 0);
  EXPECT_EQ(points.back().x, kPoints - 1);
  EXPECT_EQ(curve.count(), kPoints);
  EXPECT_EQ(curve.lowest(), -50);
  EXPECT_EQ(curve.highest(), 50);
  EXPECT_EQ(curve.last().x, kPoints - 1);
}

std::string ticksOf(const Axis& axis) {
  std::string text;
  for (const Axis::Tick& tick : axis.ticks()) text += (text.empty() ? "" : " ") + tick.text;
  return text;
}

TEST(Axis, HasRoundTicks) {
  const struct {
    double low, high;
    const char* ticks;
  } cases[] = {
      {0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
      {0.031, 0.97, "0.0 0.2 0.4 0.6 0.8 1.0"},
      {0, 37, "0 10 20 30 40"},
      {0, 123456, "0 50k 100k 150k"},
      {0, 2.4e6, "0 0.5M 1M 1.5M 2M 2.5M"},
      {0, 1.5e-3, "0 0.0005 0.001 0.0015"},
      {-1, 1, "-1.0 -0.5 0 0.5 1.0"},
      {5, 5, "0 2 4 6 8 10"},
      {0, 0, "0.0 0.2 0.4 0.6 0.8 1.0"},
      {-3, -3, "-6 -4 -2 0"},
  };
  for (const auto& c : cases) {
    const Axis axis = Axis::linear(c.low, c.high, 5);
    std::string expected = c.ticks;
    if (expected.rfind("0.0 ", 0) == 0) expected.replace(0, 3, "0");
    EXPECT_EQ(ticksOf(axis), expected) << c.low << " to " << c.high;
    EXPECT_GE(axis.place(c.low), 0);
    EXPECT_LE(axis.place(c.high), 1);
  }
  const Axis exact = Axis::between(0, 222, 5);
  EXPECT_EQ(ticksOf(exact), "0 50 100 150 200");
  EXPECT_EQ(exact.place(222), 1);
  const Axis decades = Axis::logarithmic(0.03, 1500);
  EXPECT_EQ(ticksOf(decades), "0.01 0.1 1 10 100 1000 10000");
  EXPECT_DOUBLE_EQ(decades.place(10), 0.5);
  EXPECT_EQ(decades.place(0), 0);
}

TEST(Axis, SurvivesEveryPairOfNumbers) {
  const double numbers[] = {-1e15, -1, -1e-15, 0, 1e-300, 1e-15, 0.1, 0.3, 1, 1e15};
  for (const double low : numbers)
    for (const double high : numbers) {
      if (low > high) continue;
      const Axis axis = Axis::linear(low, high, 5);
      EXPECT_GE(axis.ticks().size(), 2u) << low << " to " << high;
      EXPECT_LE(axis.ticks().size(), 12u) << low << " to " << high;
      EXPECT_TRUE(std::isfinite(axis.place(low)) && std::isfinite(axis.place(high))) << low << " to " << high;
    }
}

TEST(Html, EscapesAndCuts) {
  EXPECT_EQ(escaped("a<b>&\"'\x01\n\x7f"), "a&lt;b&gt;&amp;&quot;&#39; ");
  EXPECT_EQ(escaped("K\xE4se"), R"(K\xE4se)");
  EXPECT_EQ(escaped("abcdef", 3), "abc…");
  EXPECT_EQ(escaped("ab\xc3\xa4", 3), "ab…");  // not in the middle of a letter
  EXPECT_EQ(numberText(0), "0");
  EXPECT_EQ(numberText(0.73125), "0.7312");
  EXPECT_EQ(numberText(12345), "12.3k");
  EXPECT_EQ(numberText(2.5e6), "2.5M");
  EXPECT_EQ(numberText(0.00015), "0.00015");
}

TEST(RecordFiles, LinesOfAnyLength) {
  const std::string longest(kLongestLine, 'x');
  std::istringstream file("a\n\n" + longest + "\n" + longest + "y\n" + std::string(3 << 20, 'z') + "\nb");
  std::vector<std::string> lines;
  EXPECT_EQ(forEachLine(file, [&](std::string_view line) { lines.emplace_back(line); }), 2);
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "", longest, "b"}));
}

TEST(Metrics, AreCurvesOverSteps) {
  std::istringstream file(
      "{\"step\":1,\"epoch\":0.5,\"loss\":3,\"lr\":null,\"more\":1}\n{\"step\":2,\"epoch\":1,\"val_top1\":0."
      "5}\n\n");
  const Metrics metrics = readMetrics(file);
  EXPECT_EQ(metrics.lines, 2);
  EXPECT_EQ(metrics.damaged, 0);
  EXPECT_EQ(metrics.epoch, 1);
  EXPECT_EQ(metrics.curves.size(), 2u);
  EXPECT_EQ(metrics.curve("loss")->last().y, 3);
  EXPECT_EQ(metrics.curve("val_top1")->last().x, 2);
  EXPECT_EQ(metrics.curve("lr"), nullptr);
}

TEST(Chart, DrawsWhatThereIs) {
  Curve curve, empty;
  EXPECT_EQ(chart({"Loss", ""}, {{"a", &empty}, {"b", nullptr}}), "");
  for (int i = 0; i < 200; ++i) curve.add({double(i), i == 100 ? 1e4 : 1 + 0.01 * i});
  const std::string svg = chart({"Loss", "m", 1, true}, {{"a <b>", &curve, 3, true}, {"none", &empty}});
  EXPECT_NE(svg.find("<figcaption>Loss <span>m</span>"), std::string::npos);
  EXPECT_NE(svg.find("class=\"line s3 dashed\""), std::string::npos);
  EXPECT_NE(svg.find(">1000</text>"), std::string::npos);  // powers of ten
  EXPECT_NE(svg.find("a &lt;b&gt;: from 1 to 2.99, between 1 and 10k."), std::string::npos);
  EXPECT_EQ(svg.find("legend"), std::string::npos);  // of a single line
}

/// One batch of `labels.size()` pictures of two pixels a side, each filled with its number.
Batch batchOf(const std::vector<int>& labels) {
  const int count = static_cast<int>(labels.size()), shape[] = {count, 2, 2, 3};
  Batch batch;
  batch.images.create(4, shape, CV_8U);
  batch.classTargets = cv::Mat(labels, true);
  batch.count = count;
  for (int i = 0; i < count; ++i) {
    batch.samples.push_back(100 + i);
    std::fill_n(batch.images.ptr(i), 12, static_cast<uchar>(i));
  }
  return batch;
}

TEST(Mistakes, KeepsTheWorst) {
  const Batch batch = batchOf(std::vector<int>(40, 0));
  Mistakes mistakes;
  for (int i = 0; i < 40; ++i) {
    const float sure = 0.25F * static_cast<float>((i * 7) % 40);  // every one once
    const float scores[] = {0, sure, -1};
    mistakes.add(batch, i, scores, 3);
  }
  ASSERT_EQ(mistakes.mostConfident().size(), Mistakes::kKept);
  ASSERT_EQ(mistakes.hardest().size(), Mistakes::kKept);
  const Mistake& worst = mistakes.mostConfident().front();
  EXPECT_EQ(worst.sample, 100 + 17);  // 17 * 7 = 119 = 39 mod 40
  EXPECT_EQ(worst.answer, 1);
  EXPECT_EQ(worst.picture.at<cv::Vec3b>(1, 1), cv::Vec3b(17, 17, 17));
  const double sum = 1 + std::exp(-9.75) + std::exp(-10.75);
  EXPECT_DOUBLE_EQ(worst.probability, 1 / sum);
  EXPECT_DOUBLE_EQ(worst.labelProbability, std::exp(-9.75) / sum);
  for (const Mistake& hard : mistakes.hardest())
    for (const Mistake& confident : mistakes.mostConfident()) EXPECT_NE(hard.sample, confident.sample);
}

TEST(Mistakes, AreWrongAnswersOnly) {
  const Batch batch = batchOf({0, 1, -1, 0});
  const float right[] = {2, 1}, wrong[] = {2, 1}, nan[] = {std::nanf(""), 1};
  Mistakes mistakes;
  mistakes.add(batch, 0, right, 2);
  mistakes.add(batch, 1, wrong, 2);
  mistakes.add(batch, 2, wrong, 2);
  mistakes.add(batch, 3, nan, 2);
  ASSERT_EQ(mistakes.mostConfident().size(), 1u);
  EXPECT_EQ(mistakes.mostConfident().front().sample, 101);
  EXPECT_TRUE(mistakes.hardest().empty());
}

}  // namespace
}  // namespace cv::mixmim::report
