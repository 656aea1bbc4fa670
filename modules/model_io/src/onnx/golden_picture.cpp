#include "model_io/onnx/golden_picture.hpp"

#include <algorithm>

#include "opencv2/mixmim/train/random.hpp"

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

/// One number per channel of a map of 1 x C x H x W.
cv::Mat sampled(const cv::Mat& map) {
  CV_Assert(map.dims == 4 && map.size[0] == 1 && map.isContinuous());
  const int channels = map.size[1], tokens = map.size[2] * map.size[3];
  const cv::Mat plain(channels, tokens, map.type(), const_cast<uchar*>(map.data));
  cv::Mat row(1, channels, map.type());
  for (int c = 0; c < channels; ++c) {
    const auto token = static_cast<int>(int64_t{c} * tokens / channels);
    plain(cv::Rect(token, c, 1, 1)).copyTo(row(cv::Rect(c, 0, 1, 1)));
  }
  return row;
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

cv::Mat goldenAnswer(const std::vector<cv::Mat>& outputs) {
  CV_Assert(!outputs.empty());
  if (outputs.size() == 1 && outputs.front().dims == 2) return outputs.front().reshape(1, 1);
  cv::Mat all;
  for (const cv::Mat& map : outputs) {
    if (all.empty())
      all = sampled(map);
    else
      cv::hconcat(all, sampled(map), all);
  }
  return all;
}

}  // namespace cv::mixmim
