#include "model_io/files/npy_file.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/expect_error.hpp"
#include "tests/support/npy_reader.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

cv::Mat counted(int rows, int columns) {
  cv::Mat numbers(rows, columns, CV_32F);
  for (int i = 0; i < rows * columns; ++i) numbers.at<float>(i / columns, i % columns) = 0.5f * i - 7;
  return numbers;
}

TEST(NpyFile, ReadsBackToTheBit) {
  const test::TempFolder folder;
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(1024, 3), cv::Size(7, 1000), cv::Size(5, 0)}) {
    SCOPED_TRACE(size);
    cv::Mat numbers = counted(size.height, size.width);
    if (!numbers.empty()) numbers.at<float>(0, 0) = std::numeric_limits<float>::denorm_min();
    writeNpy(folder / "numbers.npy", numbers);
    const cv::Mat back = test::npyOf(test::contentOf(folder / "numbers.npy"));
    ASSERT_EQ(back.size(), size);
    EXPECT_EQ(cv::norm(back, numbers, cv::NORM_INF), 0);
  }
}

TEST(NpyFile, TakesAPartOfALargerMatrix) {
  const test::TempFolder folder;
  const cv::Mat part = counted(4, 6)(cv::Rect(1, 1, 3, 2));
  writeNpy(folder / "part.npy", part);
  EXPECT_EQ(cv::norm(test::npyOf(test::contentOf(folder / "part.npy")), part, cv::NORM_INF), 0);
}

TEST(NpyFile, RefusesOtherMatrices) {
  MIXMIM_EXPECT_ERROR(writeNpy("x.npy", cv::Mat(2, 2, CV_64F)),
                      "x.npy: expected rows and columns of 32-bit floats, got 2 dimensions of CV_64FC1");
  const int sizes[] = {2, 2, 2};
  MIXMIM_EXPECT_ERROR(writeNpy("x.npy", cv::Mat(3, sizes, CV_32F)),
                      "x.npy: expected rows and columns of 32-bit floats, got 3 dimensions of CV_32FC1");
}

TEST(NpyFile, SaysWhyItCannotBeWritten) {
  const test::TempFolder folder;
  const std::string path = folder / "nowhere" / "x.npy";
  EXPECT_THROW(writeNpy(path, counted(1, 1)), Error);
}

}  // namespace
}  // namespace cv::mixmim
