#include "data_pipeline/decode.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"
#include "tests/support/tagged.hpp"

namespace cv::mixmim {
namespace {

using Bytes = std::vector<uint8_t>;

cv::Mat decodeWhole(const Bytes& bytes) {
  ImageDecoder decoder;
  const ImageHeader header = decoder.open(bytes);
  return decoder.decode(cv::Rect({}, header.size)).clone();
}

/// Sizes and regions are those of the turned picture, and so are the pixels, whatever the format decodes.
TEST(Decode, TurnsWhereTagsAreApplied) {
  const cv::Mat picture = test::picture({24, 16});
  for (const char* extension : {".jpg", ".png", ".webp"})
    for (int tag = 1; tag <= 8; ++tag) {
      const Bytes file = test::tagged(test::encoded(picture, extension), tag);
      cv::Mat whole;
      turn(decodeWhole(file), tag, whole);
      ImageDecoder decoder;
      EXPECT_EQ(decoder.open(file, Orientation::kApply).size, whole.size()) << extension << tag;
      EXPECT_TRUE(test::equal(decoder.decode(cv::Rect({}, whole.size())).clone(), whole)) << extension << tag;
      const cv::Rect region(3, 2, 9, 7);
      decoder.open(file, Orientation::kApply);
      EXPECT_TRUE(test::equal(decoder.decode(region).clone(), whole(region).clone())) << extension << tag;
      decoder.open(file);
      EXPECT_TRUE(test::equal(decoder.decode(region).clone(), decodeWhole(file)(region).clone()));
    }
}

struct Golden {
  const char* file;
  uint64_t hash;
};

class GoldenImages : public testing::TestWithParam<Golden> {};

TEST_P(GoldenImages, PixelsOfPillow) {
  std::ifstream file(std::string(MIXMIM_GOLDEN_DIR "/images/") + GetParam().file, std::ios::binary);
  ASSERT_TRUE(file);
  const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  const cv::Mat whole = decodeWhole(bytes);
  EXPECT_EQ(whole.size(), cv::Size(45, 35));
  EXPECT_EQ(test::hashOf(whole), GetParam().hash);

  ImageDecoder decoder;
  decoder.open(bytes);
  EXPECT_TRUE(test::equal(decoder.decode({7, 5, 20, 21}).clone(), whole(cv::Rect(7, 5, 20, 21))));
}

// Printed by tests/golden/images.py.
INSTANTIATE_TEST_SUITE_P(
    Decode, GoldenImages,
    testing::Values(Golden{"alpha.png", 0xc999ce294584b608}, Golden{"bilevel.png", 0x48b85397257c0aed},
                    Golden{"cmyk.jpg", 0x594b91e4d8bec4fe}, Golden{"colour_420.jpg", 0x49984be9f5bd2f8f},
                    Golden{"colour_422.jpg", 0x10437fa75220c093},
                    Golden{"colour_444.jpg", 0x885d2ea3d66bfe40}, Golden{"grey.jpg", 0x78c4ba912ee9f751},
                    Golden{"grey.png", 0x9568051e90dbad08}, Golden{"grey_alpha.png", 0x9568051e90dbad08},
                    Golden{"lossless.webp", 0xc999ce294584b608}, Golden{"lossy.webp", 0xc939bbfd52968cb1},
                    Golden{"lzw.tif", 0xc999ce294584b608}, Golden{"palette.png", 0x4794d6ee18bf0f3b},
                    Golden{"png_named.jpeg", 0xc999ce294584b608},
                    Golden{"progressive.jpg", 0x90fca224e355bea2}, Golden{"raw.pgm", 0x9568051e90dbad08},
                    Golden{"raw.ppm", 0xc999ce294584b608}, Golden{"rotated.jpg", 0x49984be9f5bd2f8f},
                    Golden{"windows.bmp", 0xc999ce294584b608}),
    [](const auto& test) {
      std::string name = test.param.file;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(Decode, KeepsTheUpperEightOfSixteenBits) {
  cv::Mat grey(1, 3, CV_16UC1);
  grey.at<uint16_t>(0) = 0x12ff;
  grey.at<uint16_t>(1) = 0x00ff;
  grey.at<uint16_t>(2) = 0xff00;
  const cv::Mat rgb = decodeWhole(test::encoded(grey, ".png"));
  EXPECT_EQ(rgb.at<cv::Vec3b>(0), cv::Vec3b(0x12, 0x12, 0x12));
  EXPECT_EQ(rgb.at<cv::Vec3b>(1), cv::Vec3b(0, 0, 0));
  EXPECT_EQ(rgb.at<cv::Vec3b>(2), cv::Vec3b(0xff, 0xff, 0xff));
}

struct Format {
  const char* extension;
  ImageFormat format;
};

TEST(Decode, HeadersTellFormatAndSizeOfWhatOpenCvWrites) {
  for (const Format& f : {Format{".jpg", ImageFormat::kJpeg}, Format{".png", ImageFormat::kPng},
                          Format{".bmp", ImageFormat::kBmp}, Format{".ppm", ImageFormat::kPnm},
                          Format{".tiff", ImageFormat::kTiff}, Format{".webp", ImageFormat::kWebp},
                          Format{".jp2", ImageFormat::kJpeg2000}, Format{".gif", ImageFormat::kGif},
                          Format{".avif", ImageFormat::kAvif}}) {
    if (!whyNotRead(f.format).empty()) continue;              // this OpenCV has no codec for it
    const bool inTiles = f.format == ImageFormat::kJpeg2000;  // OpenCV writes none below 32 pixels
    for (const cv::Size size : {cv::Size(300, inTiles ? 70 : 7), {inTiles ? 60 : 1, 260}, {45, 45}}) {
      ImageDecoder decoder;
      const Bytes bytes = test::encoded(test::picture(size), f.extension);
      const ImageHeader header = decoder.open(bytes);
      EXPECT_EQ(header.format, f.format) << f.extension;
      EXPECT_EQ(header.size, size) << f.extension;
      EXPECT_EQ(decoder.decode(cv::Rect({}, size)).size(), size) << f.extension;
    }
  }
}

TEST(Decode, HeadersThatAreCutOffAreErrorsOfTheFile) {
  for (const char* extension : {".png", ".bmp", ".ppm", ".tiff", ".webp"}) {
    const Bytes whole = test::encoded(test::picture({20, 10}), extension);
    for (size_t length = 0; length < whole.size(); ++length) {
      const Bytes part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
      ImageDecoder decoder;
      try {
        const ImageHeader header = decoder.open(part);
        EXPECT_EQ(header.size, cv::Size(20, 10)) << extension << " " << length;
      } catch (const Error&) {
      }
    }
  }
}

std::string number(size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

std::string chunk(const std::string& name, const std::string& content) {
  return name + number(content.size(), 4) + content + std::string(content.size() % 2, '\0');
}

/// An animation of these pictures, each at (6, 4) of a canvas of 50 x 40.
Bytes animation(const std::vector<cv::Mat>& pictures) {
  std::string chunks =
      "WEBP" + chunk("VP8X", number(2, 4) + number(49, 3) + number(39, 3)) + chunk("ANIM", number(0, 6));
  for (const cv::Mat& picture : pictures) {
    Bytes still;
    cv::imencode(".webp", picture, still, {cv::IMWRITE_WEBP_QUALITY, 101});  // lossless
    chunks += chunk("ANMF", number(3, 3) + number(2, 3) + number(static_cast<size_t>(picture.cols - 1), 3) +
                                number(static_cast<size_t>(picture.rows - 1), 3) + number(100, 4) +
                                std::string(still.begin() + 12, still.end()));
  }
  const std::string file = "RIFF" + number(chunks.size(), 4) + chunks;
  return {file.begin(), file.end()};
}

TEST(Decode, AnAnimatedWebpIsItsFirstFrame) {
  const cv::Mat first = test::picture({20, 10}, 1), second = test::picture({20, 10}, 2);
  const cv::Mat rgb = decodeWhole(animation({first, second}));
  ASSERT_EQ(rgb.size(), cv::Size(50, 40));
  cv::Mat expected(40, 50, CV_8UC3, cv::Scalar::all(0)), slot = expected(cv::Rect(6, 4, 20, 10));
  cv::cvtColor(first, slot, cv::COLOR_BGR2RGB);
  EXPECT_EQ(cv::norm(rgb, expected, cv::NORM_INF), 0);
  const cv::Mat bgr = decodePicture(animation({first, second}), Orientation::kApply);  // of an application
  cv::cvtColor(expected, expected, cv::COLOR_RGB2BGR);
  ASSERT_EQ(bgr.size(), expected.size());
  EXPECT_EQ(cv::norm(bgr, expected, cv::NORM_INF), 0);
  EXPECT_TRUE(decodePicture(animation({}), Orientation::kApply).empty());
}

TEST(Decode, DamagedAnimationsAreErrors) {
  const Bytes whole = animation({test::picture({20, 10})});
  for (size_t length = 0; length < whole.size(); ++length) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    EXPECT_THROW(decodeWhole(part), Error) << length;
  }
  MIXMIM_EXPECT_ERROR(decodeWhole(animation({test::picture({45, 10})})),
                      "WebP: a frame lies outside the picture");
  MIXMIM_EXPECT_ERROR(decodeWhole(animation({})), "WebP: an animation without frames");
}

struct Damaged {
  const char* name;
  Bytes bytes;
  const char* reason;
};

Bytes text(const std::string& characters) {
  return {characters.begin(), characters.end()};
}

Bytes hugePng() {
  Bytes bytes = test::encoded(test::picture({20, 10}), ".png");
  for (const size_t at : {16, 20}) bytes[at + 1] = 0xff;  // 0x00ff0014 x 0x00ff000a
  return bytes;
}

Bytes halfOf(Bytes bytes) {
  bytes.resize(bytes.size() / 2);
  return bytes;
}

class DamagedFiles : public testing::TestWithParam<Damaged> {};

TEST_P(DamagedFiles, AreErrorsWithAReason) {
  MIXMIM_EXPECT_ERROR(decodeWhole(GetParam().bytes), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Decode, DamagedFiles,
    testing::Values(
        Damaged{"Empty", {}, "the file is empty"},
        Damaged{"Text", text("<html>404</html>"), "not an image of a known format"},
        Damaged{"Heic",
                text(std::string("\0\0\0\x1c"
                                 "ftypheic\0\0\0\0mif1heic",
                                 24)),
                "HEIC is not read here; convert it to JPEG or PNG"},
        Damaged{"JpegXl", text("\xff\x0a and more"), "JPEG XL is not read here; convert it to JPEG or PNG"},
        Damaged{"Psd", text("8BPS and more"), "PSD is not read here; convert it to JPEG or PNG"},
        Damaged{"Movie",
                text(std::string("\0\0\0\x18"
                                 "ftypisom\0\0\2\0isomavc1",
                                 24)),
                "not an image of a known format"},
        Damaged{"HugePng", hugePng(), "PNG: expected at most 178956970 pixels, got 16711700 x 16711690"},
        Damaged{"NoSize", text("P6\n0 7 255\n"), "the header names no sensible size"},
        Damaged{"CutPnmHeader", text("P6\n12"), "the header is cut off"},
        Damaged{"HalfPng", halfOf(test::encoded(test::picture({90, 60}), ".png")),
                "PNG: cannot be decoded, damaged or of an unknown kind"},
        Damaged{"HalfWebp", halfOf(test::encoded(test::picture({90, 60}), ".webp")),
                "WebP: cannot be decoded, damaged or of an unknown kind"},
        Damaged{"FloatTiff", test::encoded(cv::Mat(4, 4, CV_32FC1, cv::Scalar(1)), ".tiff"),
                "TIFF: expected 8 or 16 bits per value and 1, 3 or 4 channels, got CV_32FC1"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Decode, NothingOpened) {
  ImageDecoder decoder;
  MIXMIM_EXPECT_ERROR(decoder.decode({0, 0, 1, 1}), "ImageDecoder::decode: no image was opened");
}

}  // namespace
}  // namespace cv::mixmim
