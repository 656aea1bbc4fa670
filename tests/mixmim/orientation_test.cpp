#include "opencv2/mixmim/orientation.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"
#include "tests/support/tagged.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

using Bytes = std::vector<uint8_t>;
using test::encoded;
using test::equal;
using test::tagged;

/// A picture of 3 x 2 pixels, 1 to 6 row after row, and its turns as EXIF 2.32 draws them.
TEST(Orientation, TurnsPixelsAsExifNumbersThem) {
  const cv::Mat stored = (cv::Mat_<uint8_t>(2, 3) << 1, 2, 3, 4, 5, 6);
  const std::vector<cv::Mat> turned{
      (cv::Mat_<uint8_t>(2, 3) << 1, 2, 3, 4, 5, 6), (cv::Mat_<uint8_t>(2, 3) << 3, 2, 1, 6, 5, 4),
      (cv::Mat_<uint8_t>(2, 3) << 6, 5, 4, 3, 2, 1), (cv::Mat_<uint8_t>(2, 3) << 4, 5, 6, 1, 2, 3),
      (cv::Mat_<uint8_t>(3, 2) << 1, 4, 2, 5, 3, 6), (cv::Mat_<uint8_t>(3, 2) << 4, 1, 5, 2, 6, 3),
      (cv::Mat_<uint8_t>(3, 2) << 6, 3, 5, 2, 4, 1), (cv::Mat_<uint8_t>(3, 2) << 3, 6, 2, 5, 1, 4)};
  for (int tag = 1; tag <= 8; ++tag) {
    cv::Mat out, inPlace = stored.clone();
    turn(stored, tag, out);
    turn(inPlace, tag, inPlace);
    EXPECT_TRUE(equal(out, turned[static_cast<size_t>(tag - 1)])) << tag << ":\n" << out;
    EXPECT_TRUE(equal(inPlace, out)) << tag;
    EXPECT_EQ(turnedSize(stored.size(), tag), out.size()) << tag;
  }
  cv::Mat out;
  MIXMIM_EXPECT_ERROR(turn(stored, 9, out), "orientation: expected 1 to 8");
}

/// Cutting before turning is cutting after it.
TEST(Orientation, FindsTheStoredPixelsOfARegion) {
  const cv::Mat stored = test::noise({7, 5}, CV_8UC3);
  for (int tag = 1; tag <= 8; ++tag) {
    cv::Mat whole;
    turn(stored, tag, whole);
    for (int y = 0; y < whole.rows; ++y)
      for (int x = 0; x < whole.cols; ++x) {
        const cv::Rect region(x, y, 1 + (whole.cols - x) / 2, 1 + (whole.rows - y) / 2);
        if ((cv::Rect({}, whole.size()) & region) != region) continue;
        cv::Mat part;
        turn(stored(storedRegion(region, stored.size(), tag)).clone(), tag, part);
        EXPECT_TRUE(equal(part, whole(region).clone())) << tag << " " << region;
      }
  }
}

struct File {
  const char* name;
  Bytes bytes;
};

std::vector<File> files(int tag, bool bigEndian) {
  const cv::Mat picture = test::picture({24, 16});
  return {{"JPEG", tagged(encoded(picture, ".jpg"), tag, bigEndian)},
          {"PNG", tagged(encoded(picture, ".png"), tag, bigEndian)},
          {"WebP", tagged(encoded(picture, ".webp", {cv::IMWRITE_WEBP_QUALITY, 101}), tag, bigEndian)}};
}

TEST(Orientation, IsFoundInEveryFormatThatHasOne) {
  for (const bool bigEndian : {false, true})
    for (int tag = 1; tag <= 8; ++tag)
      for (const File& file : files(tag, bigEndian))
        EXPECT_EQ(orientationOf(file.bytes), tag) << file.name << (bigEndian ? ", big end first" : "");
}

/// cv::imread obeys the tag of a JPEG by itself: an application that calls it sees the same picture.
TEST(Orientation, IsAppliedAsOpenCvDoesForJpeg) {
  for (int tag = 1; tag <= 8; ++tag) {
    const Bytes file = files(tag, false).front().bytes;
    EXPECT_TRUE(equal(decodePicture(file, Orientation::kApply), cv::imdecode(file, cv::IMREAD_COLOR))) << tag;
    EXPECT_TRUE(equal(decodePicture(file, Orientation::kIgnore),
                      cv::imdecode(file, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION)))
        << tag;
  }
}

/// A tag that is damaged or absent turns nothing, and whatever is cut off is not read.
TEST(Orientation, IsOneWhereThereIsNone) {
  const Bytes plain = encoded(test::picture({24, 16}), ".jpg");
  EXPECT_EQ(orientationOf({}), 1);
  EXPECT_EQ(orientationOf({'B', 'M'}), 1);
  EXPECT_EQ(orientationOf(plain), 1);
  for (const int tag : {0, 9, 255, 65535}) EXPECT_EQ(orientationOf(tagged(plain, tag, false)), 1) << tag;
  for (const File& file : files(6, true))
    for (size_t size = 0; size < file.bytes.size(); ++size) {
      const int found = orientationOf({file.bytes.begin(), file.bytes.begin() + static_cast<long>(size)});
      EXPECT_TRUE(found == 1 || found == 6) << file.name << " of " << size << " bytes";
    }
}

TEST(Orientation, FilesAreReadOrNamed) {
  const test::TempFolder folder;
  const std::string path = (folder.path() / "a.jpg").string();
  const Bytes file = files(6, false).front().bytes;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  EXPECT_EQ(readPicture(path, Orientation::kApply).size(), cv::Size(16, 24));
  EXPECT_EQ(readPicture(path, Orientation::kIgnore).size(), cv::Size(24, 16));
  MIXMIM_EXPECT_ERROR(readPicture("nowhere.jpg", Orientation::kApply), "nowhere.jpg: cannot be read");
  std::ofstream(path) << "no picture";
  MIXMIM_EXPECT_ERROR(readPicture(path, Orientation::kApply),
                      (path + ": is not a picture that OpenCV can read; convert it to JPEG or PNG").c_str());
}

}  // namespace
}  // namespace cv::mixmim
