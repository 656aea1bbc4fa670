#include "data_pipeline/label_map.hpp"

#include <string>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "png_samples.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

using test::equal;
using test::mapOf;
using test::PngKind;
using test::pngOf;
using Bytes = std::vector<uint8_t>;

const cv::Size kSize(45, 35);  // odd, so that rows of 1, 2 and 4 bits end inside a byte

cv::Mat decode(const Bytes& bytes, cv::Size picture = kSize) {
  return LabelMapDecoder().decode(bytes, picture).clone();
}

struct Kind {
  const char* name;
  int colourType, bits;
};

class LabelMap : public testing::TestWithParam<Kind> {};

TEST_P(LabelMap, IsReadAsItIsStored) {
  const auto [name, colourType, bits] = GetParam();
  for (const cv::Size size : {kSize, cv::Size(1, 1), cv::Size(3, 200), cv::Size(200, 3)}) {
    const cv::Mat map = mapOf(size, bits < 8 ? 1 << bits : 256);
    for (const bool interlaced : {false, true})
      EXPECT_TRUE(equal(decode(pngOf(map, {colourType, bits, interlaced}), size), map)) << size << interlaced;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, LabelMap,
    testing::Values(Kind{"Grey1", PNG_COLOR_TYPE_GRAY, 1}, Kind{"Grey2", PNG_COLOR_TYPE_GRAY, 2},
                    Kind{"Grey4", PNG_COLOR_TYPE_GRAY, 4}, Kind{"Grey8", PNG_COLOR_TYPE_GRAY, 8},
                    Kind{"Grey16", PNG_COLOR_TYPE_GRAY, 16}, Kind{"Palette1", PNG_COLOR_TYPE_PALETTE, 1},
                    Kind{"Palette2", PNG_COLOR_TYPE_PALETTE, 2}, Kind{"Palette4", PNG_COLOR_TYPE_PALETTE, 4},
                    Kind{"Palette8", PNG_COLOR_TYPE_PALETTE, 8}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(LabelMaps, OneDecoderReadsThemOneAfterAnother) {
  LabelMapDecoder decoder;
  const cv::Mat large = mapOf({90, 70}, 9), small = mapOf({5, 4}, 3);
  const Bytes one = pngOf(large, {PNG_COLOR_TYPE_GRAY, 16, true}),
              other = pngOf(small, {PNG_COLOR_TYPE_PALETTE, 2});
  EXPECT_TRUE(equal(decoder.decode(one, large.size()), large));
  EXPECT_TRUE(equal(decoder.decode(other, small.size()), small));
  EXPECT_THROW(decoder.decode(Bytes(one.begin(), one.end() - 40), large.size()), Error);
  EXPECT_TRUE(equal(decoder.decode(other, small.size()), small)) << "after an error";
}

struct Refused {
  const char* name;
  Bytes bytes;
  const char* reason;
};

/// `bytes` with others at `offset`.
Bytes changed(Bytes bytes, size_t offset, const Bytes& other) {
  std::copy(other.begin(), other.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  return bytes;
}

Bytes cut(const Bytes& bytes, size_t fromEnd) {
  return {bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(fromEnd)};
}

cv::Mat wide(int value) {
  cv::Mat map(kSize, CV_16U, cv::Scalar(3));
  map.at<uint16_t>(17, 20) = static_cast<uint16_t>(value);
  return map;
}

class RefusedLabelMap : public testing::TestWithParam<Refused> {};

TEST_P(RefusedLabelMap, HasAReason) {
  MIXMIM_EXPECT_ERROR(decode(GetParam().bytes), GetParam().reason);
}

const cv::Mat kMap = mapOf(kSize, 11);
const Bytes kPng = pngOf(kMap);
constexpr size_t kWidth = 16;  // its place in a PNG

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedLabelMap,
    testing::Values(
        Refused{"Nothing", {}, "the file is empty"},
        Refused{"Jpeg", test::encoded(test::picture(kSize), ".jpg"),
                "expected a PNG with a label for every pixel, got JPEG"},
        Refused{"Text", {'a', 'b', 'c'}, "expected a PNG with a label for every pixel, got unknown format"},
        Refused{"Rgb", pngOf(kMap, {PNG_COLOR_TYPE_RGB}), "expected one channel, grey or a palette, got RGB"},
        Refused{"Rgba", pngOf(kMap, {PNG_COLOR_TYPE_RGB_ALPHA}),
                "expected one channel, grey or a palette, got RGB with alpha"},
        Refused{"GreyWithAlpha", pngOf(kMap, {PNG_COLOR_TYPE_GRAY_ALPHA}),
                "expected one channel, grey or a palette, got grey with alpha"},
        Refused{"OtherSizeBeforeAnyPixel", cut(pngOf(mapOf({40, 35}, 11)), 30),
                "expected 45 x 35 as its picture, got 40 x 35"},
        Refused{"AboveAByte", pngOf(wide(300), {PNG_COLOR_TYPE_GRAY, 16}), "label 300, expected at most 255"},
        Refused{"LastOf16Bits", pngOf(wide(65535), {PNG_COLOR_TYPE_GRAY, 16, true}),
                "label 65535, expected at most 255"},
        Refused{"OnlyTheSignature", cut(kPng, kPng.size() - 8), "PNG: the file is truncated"},
        Refused{"Truncated", cut(kPng, 30), "PNG: the file is truncated"},
        Refused{"WrongChecksum", changed(kPng, kPng.size() - 14, {1, 2}), "PNG: IDAT: CRC error"},
        Refused{"SizeChangedLater", changed(kPng, kWidth, {0, 1, 0, 0}), "PNG: IHDR: CRC error"}),
    [](const auto& test) { return std::string(test.param.name); });

struct Ruled {
  const char* name;
  LabelRule rule;
  std::vector<uint8_t> values, labels;
  int64_t labelled;
};

class Rule : public testing::TestWithParam<Ruled> {};

TEST_P(Rule, GivesLabels) {
  cv::Mat labels = cv::Mat(GetParam().values, true).reshape(1, 1);
  EXPECT_EQ(applyRule(GetParam().rule, labels), GetParam().labelled);
  EXPECT_TRUE(equal(labels, cv::Mat(GetParam().labels).reshape(1, 1)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Rule,
    testing::Values(Ruled{"Plain", {11, false}, {0, 5, 10, 255}, {0, 5, 10, 255}, 3},
                    Ruled{"ReduceZero", {254, true}, {0, 1, 2, 150, 254, 255}, {255, 0, 1, 149, 253, 255}, 4},
                    Ruled{"Most", {255, false}, {0, 254, 255}, {0, 254, 255}, 2},
                    Ruled{"NothingToLearn", {3, false}, {255, 255}, {255, 255}, 0},
                    Ruled{"NothingToLearnReduced", {3, true}, {0, 255, 0}, {255, 255, 255}, 0}),
    [](const auto& test) { return std::string(test.param.name); });

struct Outside {
  const char* name;
  LabelRule rule;
  std::vector<uint8_t> values;
  const char* reason;
};

class OutsideRule : public testing::TestWithParam<Outside> {};

TEST_P(OutsideRule, IsNamed) {
  cv::Mat labels = cv::Mat(GetParam().values, true).reshape(1, 1);
  MIXMIM_EXPECT_ERROR(applyRule(GetParam().rule, labels), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OutsideRule,
    testing::Values(Outside{"Above", {11, false}, {3, 17, 255}, "label 17, expected 0 to 10 or 255"},
                    Outside{"TheNext", {11, false}, {11}, "label 11, expected 0 to 10 or 255"},
                    Outside{
                        "TheSmallest", {11, false}, {254, 30, 12, 40}, "label 12, expected 0 to 10 or 255"},
                    Outside{"OneClass", {1, false}, {0, 1}, "label 1, expected 0 or 255"},
                    Outside{"Reduced", {150, true}, {150, 151}, "label 151, expected 0 to 150 or 255"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(LabelMaps, PixelsAreCounted) {
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(7, 5), cv::Size(64, 3)}) {
    const cv::Mat map = mapOf(size, 256);
    PixelCounts expected{};
    for (int y = 0; y < map.rows; ++y)
      for (int x = 0; x < map.cols; ++x) ++expected[map.at<uint8_t>(y, x)];
    EXPECT_EQ(countPixels(map), expected) << size;
  }
}

}  // namespace
}  // namespace cv::mixmim
