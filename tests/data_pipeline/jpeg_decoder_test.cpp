#include "data_pipeline/jpeg_decoder.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "opencv2/mixmim/train/random.hpp"
#include "tests/data_pipeline/jpeg_samples.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

using test::encodeJpeg;
using test::equal;
using test::JpegKind;
using test::pictureFor;

using Bytes = std::vector<uint8_t>;

cv::Mat decodeWhole(JpegDecoder& decoder, const Bytes& bytes) {
  return decoder.decode(cv::Rect({}, decoder.open(bytes))).clone();
}

class EveryKind : public testing::TestWithParam<JpegKind> {};

TEST_P(EveryKind, CropIsPartOfTheWhole) {
  Rng rng(1, 0, 0, Purpose::kCrop);
  const auto below = [&](int n) { return static_cast<int>(rng.below(static_cast<uint64_t>(n))); };
  JpegDecoder decoder;
  for (const cv::Size size :
       {cv::Size(131, 97), {64, 48}, {1, 1}, {1, 50}, {50, 1}, {17, 33}, {34, 9}, {49, 5}, {2, 3}}) {
    const Bytes bytes = encodeJpeg(pictureFor(GetParam(), size), GetParam());
    const cv::Mat whole = decodeWhole(decoder, bytes);
    ASSERT_EQ(whole.size(), size);
    for (int trial = 0; trial < 60; ++trial) {
      const int x = below(size.width), y = below(size.height);
      const cv::Rect region(x, y, 1 + below(size.width - x), 1 + below(size.height - y));
      decoder.open(bytes);
      ASSERT_TRUE(equal(decoder.decode(region).clone(), whole(region))) << size << " " << region;
      ASSERT_EQ(decoder.warnings(), 0);
    }
  }
}

TEST_P(EveryKind, TruncatedIsAnErrorWhateverTheCrop) {
  const Bytes bytes = encodeJpeg(pictureFor(GetParam(), {131, 97}), GetParam());
  JpegDecoder decoder;
  for (const double share : {0.75, 0.95}) {
    const Bytes part(bytes.begin(),
                     bytes.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(bytes.size())));
    decoder.open(part);
    MIXMIM_EXPECT_ERROR(decoder.decode({0, 0, 8, 8}), "JPEG: the file is truncated");
  }
}

TEST_P(EveryKind, OnlyTheEndMarkerMissingIsAWarning) {
  Bytes bytes = encodeJpeg(pictureFor(GetParam(), {131, 97}), GetParam());
  JpegDecoder decoder;
  const cv::Mat whole = decodeWhole(decoder, bytes);
  if (GetParam().arithmetic || GetParam().unrefined) return;  // there it cannot be told from missing data
  bytes.resize(bytes.size() - 2);
  EXPECT_TRUE(equal(decodeWhole(decoder, bytes), whole));
  EXPECT_EQ(decoder.warnings(), 1);
  EXPECT_EQ(decoder.warning(), "Premature end of JPEG file");
}

TEST_P(EveryKind, BytesAfterTheEndDoNotMatter) {
  Bytes bytes = encodeJpeg(pictureFor(GetParam(), {131, 97}), GetParam());
  JpegDecoder decoder;
  const cv::Mat whole = decodeWhole(decoder, bytes);
  bytes.insert(bytes.end(), 1000, 0x5a);
  decoder.open(bytes);
  EXPECT_TRUE(equal(decoder.decode({30, 20, 60, 50}).clone(), whole(cv::Rect(30, 20, 60, 50))));
  EXPECT_EQ(decoder.warnings(), 0);
}

INSTANTIATE_TEST_SUITE_P(JpegDecoder, EveryKind, testing::ValuesIn(test::jpegKinds()),
                         [](const auto& test) { return test.param.name; });

TEST(JpegDecoder, SameAsOpenCvWhereItKeepsTheColours) {
  JpegDecoder decoder;
  for (const JpegKind& kind : test::jpegKinds()) {
    if (kind.colours == JpegKind::kCmyk || kind.colours == JpegKind::kYcck) continue;
    const Bytes bytes = encodeJpeg(pictureFor(kind, {75, 58}), kind);
    cv::Mat expected = cv::imdecode(bytes, cv::IMREAD_COLOR);
    for (int y = 0; y < expected.rows; ++y)
      for (int x = 0; x < expected.cols; ++x)
        std::swap(expected.at<cv::Vec3b>(y, x)[0], expected.at<cv::Vec3b>(y, x)[2]);
    EXPECT_TRUE(equal(decodeWhole(decoder, bytes), expected)) << kind.name;
  }
}

struct Inks {
  cv::Vec4b stored;  // inverted, as Adobe writes them
  cv::Vec3b rgb;
};

TEST(JpegDecoder, InksToRgb) {
  JpegKind cmyk;
  cmyk.colours = JpegKind::kCmyk;
  JpegDecoder decoder;
  for (const Inks& inks : {Inks{{255, 255, 255, 255}, {255, 255, 255}},  // no ink: white
                           Inks{{255, 255, 255, 0}, {0, 0, 0}},          // black only
                           Inks{{0, 255, 255, 255}, {0, 255, 255}},      // cyan only
                           Inks{{100, 200, 50, 150}, {59, 118, 29}}}) {
    // A flat image at full quality is stored without loss: one coefficient per block, which is the colour
    // times 8.
    const cv::Mat flat(16, 16, CV_8UC4, cv::Scalar(inks.stored));
    EXPECT_TRUE(equal(decodeWhole(decoder, encodeJpeg(flat, cmyk, 100)),
                      cv::Mat(16, 16, CV_8UC3, cv::Scalar(inks.rgb))))
        << inks.stored;
  }
}

/// The header of an image with other numbers in it.
Bytes withSize(Bytes bytes, int width, int height) {
  const uint8_t kFrame[] = {0xff, 0xc0};
  const auto at = std::search(bytes.begin(), bytes.end(), std::begin(kFrame), std::end(kFrame)) + 5;
  at[0] = static_cast<uint8_t>(height >> 8);
  at[1] = static_cast<uint8_t>(height);
  at[2] = static_cast<uint8_t>(width >> 8);
  at[3] = static_cast<uint8_t>(width);
  return bytes;
}

TEST(JpegDecoder, RefusesTooManyPixelsFromTheHeader) {
  JpegDecoder decoder;
  const Bytes bytes = withSize(encodeJpeg(test::picture({16, 16})), 65500, 65500);
  MIXMIM_EXPECT_ERROR(decoder.open(bytes), "JPEG: expected at most 178956970 pixels, got 65500 x 65500");
}

TEST(JpegDecoder, RefusesTooManyScansFromTheHeader) {
  JpegKind progressive;
  progressive.progressive = true;
  Bytes bytes = encodeJpeg(test::picture({16, 16}), progressive);
  JpegDecoder decoder;
  EXPECT_EQ(decoder.open(bytes), cv::Size(16, 16));
  const uint8_t kScan[] = {0xff, 0xda};
  const auto last = std::find_end(bytes.begin(), bytes.end(), std::begin(kScan), std::end(kScan));
  const Bytes scan(last, bytes.end() - 2);
  for (int i = 0; i < 10000; ++i) bytes.insert(bytes.end() - 2, scan.begin(), scan.end());
  MIXMIM_EXPECT_ERROR(decoder.open(bytes), "JPEG: expected at most 500 scans");
}

TEST(JpegDecoder, GarbageInTheDataIsWarnedAbout) {
  Bytes bytes = encodeJpeg(test::noise({200, 150}, CV_8UC3));
  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 200; ++i) bytes[i] = 0xff;
  JpegDecoder decoder;
  EXPECT_EQ(decodeWhole(decoder, bytes).size(), cv::Size(200, 150));
  EXPECT_GE(decoder.warnings(), 1);
  EXPECT_NE(decoder.warning().find("Corrupt JPEG data"), std::string::npos) << decoder.warning();
}

TEST(JpegDecoder, GoesOnAfterEveryError) {
  JpegDecoder decoder;
  const Bytes good = encodeJpeg(test::picture({90, 70}));
  const cv::Mat expected = decodeWhole(decoder, good);
  Bytes noTables = good;
  const uint8_t kQuantization[] = {0xff, 0xdb};
  const auto table =
      std::search(noTables.begin(), noTables.end(), std::begin(kQuantization), std::end(kQuantization));
  table[1] = 0xfe;  // now a comment
  MIXMIM_EXPECT_ERROR(decoder.open({'G', 'I', 'F', '8'}), "JPEG: Not a JPEG file: starts with 0x47 0x49");
  MIXMIM_EXPECT_ERROR(decoder.open({}), "JPEG: Empty input file");
  MIXMIM_EXPECT_ERROR(decoder.open({0xff, 0xd8, 0xff, 0xd9}), "JPEG: JPEG datastream contains no image");
  decoder.open(noTables);
  MIXMIM_EXPECT_ERROR(decoder.decode({0, 0, 9, 9}), "JPEG: Quantization table 0x00 was not defined");
  decoder.open(good);
  MIXMIM_EXPECT_ERROR(decoder.decode({80, 0, 11, 70}),
                      "JPEG: expected a region inside 90 x 70, got 11 x 70 at (80, 0)");
  EXPECT_TRUE(equal(decodeWhole(decoder, good), expected));
}

}  // namespace
}  // namespace cv::mixmim
