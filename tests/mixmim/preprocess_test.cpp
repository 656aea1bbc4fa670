#include "opencv2/mixmim/preprocess.hpp"

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

struct Case {
  const char* name;
  cv::Size image;
  int imageSize;
  cv::Size resized;
  cv::Point crop;
};

class EvalGeometryTable : public testing::TestWithParam<Case> {};

TEST_P(EvalGeometryTable, Matches) {
  const Case& c = GetParam();
  const EvalGeometry geometry = evalGeometry(c.image, {c.imageSize, c.imageSize}, EvalView{});
  EXPECT_EQ(geometry.resized, c.resized);
  EXPECT_EQ(geometry.crop, cv::Rect(c.crop, cv::Size(c.imageSize, c.imageSize)));
}

// Worked out by torchvision's rules: Resize(int(size / 0.875)), CenterCrop(size).
INSTANTIATE_TEST_SUITE_P(
    Preprocess, EvalGeometryTable,
    testing::Values(Case{"Landscape", {500, 375}, 224, {341, 256}, {58, 16}},  // 58.5 -> 58, even
                    Case{"Portrait", {375, 500}, 224, {256, 341}, {16, 58}},
                    Case{"OddHalfRoundsUp", {515, 384}, 224, {343, 256}, {60, 16}},  // 59.5 -> 60, even
                    Case{"Square", {100, 100}, 224, {256, 256}, {16, 16}},
                    Case{"LongerSideTruncated", {683, 512}, 224, {341, 256}, {58, 16}},  // 341.5
                    Case{"NoCropAbove224", {500, 375}, 384, {512, 384}, {64, 0}},
                    Case{"Small", {32, 32}, 64, {73, 73}, {4, 4}},  // 4.5 -> 4
                    Case{"OnePixelWide", {1, 9}, 32, {36, 324}, {2, 146}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Preprocess, ShortImagesArePaddedOnBothSides) {
  const EvalGeometry geometry =
      evalGeometry({40, 60}, {64, 64}, EvalView{EvalRule::kOfficial, 1.25});  // shorter side 51
  EXPECT_EQ(geometry.resized, cv::Size(51, 76));
  EXPECT_EQ(geometry.crop, cv::Rect(-6, 6, 64, 64));  // 13 columns missing: 6 left, 7 right

  Resampler resampler;
  cv::Mat dst;
  evalTransform(cv::Mat(60, 40, CV_8UC3, cv::Scalar(9, 8, 7)), {64, 64}, EvalView{EvalRule::kOfficial, 1.25},
                resampler, dst);
  cv::Mat expected(64, 64, CV_8UC3, cv::Scalar::all(0));
  expected(cv::Rect(6, 0, 51, 64)).setTo(cv::Scalar(9, 8, 7));
  EXPECT_TRUE(test::equal(dst, expected));
}

TEST(Preprocess, TransformIsResizeThenCrop) {
  Resampler resampler;
  for (const cv::Size size : {cv::Size(90, 41), {41, 90}, {10, 10}, {256, 256}, {300, 1}}) {
    const cv::Mat src = test::noise(size, CV_8UC3);
    const EvalGeometry geometry = evalGeometry(size, {64, 64}, EvalView{});
    cv::Mat whole(geometry.resized, CV_8UC3), dst;
    resampler.resize(src, false, whole);
    evalTransform(src, {64, 64}, EvalView{}, resampler, dst);
    EXPECT_TRUE(test::equal(dst, whole(geometry.crop))) << size;
  }
}

TEST(Preprocess, WritesIntoGivenMemory) {
  Resampler resampler;
  cv::Mat dst(32, 32, CV_8UC3);
  const uint8_t* memory = dst.data;
  evalTransform(test::noise({50, 40}, CV_8UC3), {32, 32}, EvalView{}, resampler, dst);
  EXPECT_EQ(dst.data, memory);
}

TEST(Preprocess, RejectsImpossibleGeometry) {
  MIXMIM_EXPECT_ERROR(
      evalGeometry({0, 5}, {224, 224}, EvalView{}),
      "evalGeometry: expected positive sizes and share, got image 0 x 5, size 224 x 224, share 0.875");
  MIXMIM_EXPECT_ERROR(evalGeometry({1, 100000000}, {224, 224}, EvalView{}),
                      "evalGeometry: expected a moderate aspect ratio, got an image of 1 x 100000000");
}

struct RectangleCase {
  cv::Size image, imageSize;
  EvalView view;
  cv::Size resized;
  cv::Rect crop;
};

// Each side asks for its own length, and the image becomes large enough for both.
TEST(EvalGeometry, FillsARectangle) {
  for (const RectangleCase& c :
       {RectangleCase{{640, 480}, {320, 192}, {EvalRule::kOfficial, 1}, {320, 240}, {0, 24, 320, 192}},
        RectangleCase{{640, 240}, {320, 192}, {EvalRule::kOfficial, 1}, {512, 192}, {96, 0, 320, 192}},
        RectangleCase{{400, 400}, {224, 112}, {EvalRule::kOfficial, 0.875}, {256, 256}, {16, 72, 224, 112}},
        RectangleCase{
            {400, 400}, {112, 224}, {EvalRule::kOfficial, 0.875}, {256, 256}, {72, 16, 112, 224}}}) {
    const EvalGeometry geometry = evalGeometry(c.image, c.imageSize, c.view);
    EXPECT_EQ(geometry.resized, c.resized) << c.image << c.imageSize;
    EXPECT_EQ(geometry.crop, c.crop) << c.image << c.imageSize;
  }
}

// timm divides by its share at every size; a stretched picture is seen whole.
TEST(EvalGeometry, FollowsTheRule) {
  for (const RectangleCase& c :
       {RectangleCase{{640, 480}, {224, 224}, {EvalRule::kOfficial, 0.9}, {330, 248}, {53, 12, 224, 224}},
        RectangleCase{{640, 480}, {384, 384}, {EvalRule::kOfficial, 0.9}, {512, 384}, {64, 0, 384, 384}},
        RectangleCase{{640, 480}, {384, 384}, {EvalRule::kTimm, 0.9}, {568, 426}, {92, 21, 384, 384}},
        RectangleCase{{640, 480}, {384, 384}, {EvalRule::kTimm, 1}, {512, 384}, {64, 0, 384, 384}},
        RectangleCase{{640, 480}, {384, 384}, {EvalRule::kStretch, 0.5}, {384, 384}, {0, 0, 384, 384}}}) {
    const EvalGeometry geometry = evalGeometry(c.image, c.imageSize, c.view);
    EXPECT_EQ(geometry.resized, c.resized) << nameOf(c.view.rule);
    EXPECT_EQ(geometry.crop, c.crop) << nameOf(c.view.rule);
  }
}

}  // namespace
}  // namespace cv::mixmim
