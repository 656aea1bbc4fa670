#include "data_pipeline/mix.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

void checkShapes(const cv::Mat& images, const cv::Mat& mask) {
  const bool batch =
      images.dims == 4 && images.type() == CV_8U && images.isContinuous() && images.size[3] == 3;
  if (!batch) throw Error("mixPairs: expected images of N x H x W x 3 bytes");
  const int cell = mask.empty() ? 0 : images.size[1] / mask.rows;
  if (cell == 0 || mask.type() != CV_8U || mask.rows * cell != images.size[1] ||
      mask.cols * cell != images.size[2])
    throw Error(fmt::format("mixPairs: expected a mask that divides {} x {} into squares, got {} x {}",
                            images.size[1], images.size[2], mask.rows, mask.cols));
}

}  // namespace

void drawMask(cv::Size cells, const MixConfig& config, Rng& rng, cv::Mat& mask) {
  const auto n = static_cast<size_t>(cells.area());
  const double ratio = config.maskRatio + rng.uniform(0, config.maskRatioRange);
  const size_t ones = std::min(n, static_cast<size_t>(static_cast<double>(n) * ratio));
  std::vector<double> draws(n);
  for (double& draw : draws) draw = rng.uniform();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return draws[a] < draws[b]; });
  mask.create(cells, CV_8U);
  mask.setTo(0);
  for (size_t i = 0; i < ones; ++i) mask.data[order[i]] = 1;
}

void mixPairs(cv::Mat& images, const cv::Mat& mask) {
  checkShapes(images, mask);
  const int count = images.size[0], cell = images.size[1] / mask.rows;
  const size_t rowBytes = images.step[1], cellBytes = static_cast<size_t>(cell) * 3;
  for (int i = 0; i < count / 2; ++i) {
    uint8_t* image = images.ptr(i);
    uint8_t* partner = images.ptr(count - 1 - i);
    for (int row = 0; row < images.size[1]; ++row, image += rowBytes, partner += rowBytes) {
      const uint8_t* cells = mask.ptr(row / cell);
      for (int column = 0; column < mask.cols; ++column) {
        const size_t begin = static_cast<size_t>(column) * cellBytes;
        if (cells[column]) std::swap_ranges(image + begin, image + begin + cellBytes, partner + begin);
      }
    }
  }
}

}  // namespace cv::mixmim
