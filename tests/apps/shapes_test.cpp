#include "data_sets/shapes.hpp"

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(Shapes, AreAFunctionOfTheirArguments) {
  EXPECT_TRUE(std::is_sorted(shapeNames().begin(), shapeNames().end()));
  EXPECT_EQ(shapeNames().size(), 10u);
  const cv::Mat picture = drawShape(3, 5, 64, 1);
  EXPECT_EQ(picture.size(), cv::Size(64, 64));
  EXPECT_TRUE(equal(picture, drawShape(3, 5, 64, 1)));
  EXPECT_FALSE(equal(picture, drawShape(4, 5, 64, 1)));
  EXPECT_FALSE(equal(picture, drawShape(3, 6, 64, 1)));
  EXPECT_FALSE(equal(picture, drawShape(3, 5, 64, 2)));
}

}  // namespace
}  // namespace cv::mixmim
