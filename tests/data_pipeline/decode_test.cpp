#include "data_pipeline/decode.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

using Bytes = std::vector<uint8_t>;

cv::Mat decodeWhole(const Bytes& bytes) {
  ImageDecoder decoder;
  const ImageHeader header = decoder.open(bytes);
  return decoder.decode(cv::Rect({}, header.size)).clone();
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
                          Format{".tiff", ImageFormat::kTiff}, Format{".webp", ImageFormat::kWebp}}) {
    for (const cv::Size size : {cv::Size(300, 7), {1, 260}, {45, 45}}) {
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
    testing::Values(Damaged{"Empty", {}, "the file is empty"},
                    Damaged{"Text", text("<html>404</html>"), "not an image of a known format"},
                    Damaged{"Gif", text("GIF89a and more"), "GIF is not supported"},
                    Damaged{"HugePng", hugePng(),
                            "PNG: expected at most 178956970 pixels, got 16711700 x 16711690"},
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
