#include "golden_picture.hpp"

#include "opencv2/mixmim/random.hpp"

namespace cv::mixmim {

namespace {

constexpr int kMostSquares = 32;

/// The pixel in the corner of every square.
cv::Mat corners(const cv::Mat& picture, int squares) {
  cv::Mat small(squares, squares, CV_8UC3);
  const int width = picture.cols / squares;
  for (int y = 0; y < squares; ++y)
    for (int x = 0; x < squares; ++x) small.at<cv::Vec3b>(y, x) = picture.at<cv::Vec3b>(y * width, x * width);
  return small;
}

}  // namespace

cv::Mat goldenPicture(int side) {
  int squares = std::min(side, kMostSquares);
  while (side % squares != 0) --squares;
  cv::Mat small(squares, squares, CV_8UC3);
  for (int i = 0; i < squares * squares; ++i) {
    const auto words = philox({static_cast<uint32_t>(i), 0, 0, 0}, {0, 0});
    for (int c = 0; c < 3; ++c)
      small.at<cv::Vec3b>(i / squares, i % squares)[c] = words[static_cast<size_t>(c)] & 0xff;
  }
  return enlarged(small, side);
}

cv::Mat shrunk(const cv::Mat& picture) {
  for (int squares = 1; squares < picture.cols; ++squares) {
    if (picture.cols % squares != 0) continue;
    const cv::Mat small = corners(picture, squares);
    if (cv::norm(enlarged(small, picture.cols), picture, cv::NORM_INF) == 0) return small;
  }
  return picture;
}

cv::Mat enlarged(const cv::Mat& small, int side) {
  const int width = side / small.cols;
  cv::Mat picture(side, side, CV_8UC3);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) picture.at<cv::Vec3b>(y, x) = small.at<cv::Vec3b>(y / width, x / width);
  return picture;
}

}  // namespace cv::mixmim
