#include "data_pipeline/distortion.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <opencv2/imgproc.hpp>

namespace cv::mixmim {

namespace {

using Table = std::array<uint8_t, 256>;

Table linearTable(double factor, double added) {
  Table table;
  for (size_t i = 0; i < table.size(); ++i) {
    const float value = static_cast<float>(i) * static_cast<float>(factor) + static_cast<float>(added);
    table[i] = static_cast<uint8_t>(std::clamp(value, 0.f, 255.f));
  }
  return table;
}

Table turnTable(int hue) {
  constexpr int kCircle = 180;
  Table table;
  for (int i = 0; i < 256; ++i)
    table[static_cast<size_t>(i)] = static_cast<uint8_t>((i + hue + kCircle) % kCircle);
  return table;
}

/// Every value of all channels, or, from `channel`, of one.
void lookUp(const Table& table, cv::Mat& picture, size_t channel = 0, size_t step = 1) {
  const size_t n = static_cast<size_t>(picture.cols) * 3;
  for (int y = 0; y < picture.rows; ++y) {
    uint8_t* row = picture.ptr(y);
    for (size_t x = channel; x < n; x += step) row[x] = table[row[x]];
  }
}

/// A few rows at a time, because those stay in the fastest memory on their way there and back.
void lookUpInHsv(const Table& table, size_t channel, cv::Mat& picture, cv::Mat& scratch) {
  constexpr int kRows = 8;
  for (int y = 0; y < picture.rows; y += kRows) {
    cv::Mat rows = picture.rowRange(y, std::min(y + kRows, picture.rows));
    cv::cvtColor(rows, scratch, cv::COLOR_RGB2HSV);
    lookUp(table, scratch, channel, 3);
    cv::cvtColor(scratch, rows, cv::COLOR_HSV2RGB);
  }
}

/// Both in one pass over the pixels, because a table of a table is a table.
void applyTone(const Distortion& distortion, cv::Mat& picture) {
  const bool contrast = distortion.contrast && distortion.contrastFirst;
  if (!distortion.brightness && !contrast) return;
  Table table = linearTable(1, distortion.brightness.value_or(0));
  const Table second = linearTable(contrast ? *distortion.contrast : 1, 0);
  for (uint8_t& value : table) value = second[value];
  lookUp(table, picture);
}

}  // namespace

Distortion drawDistortion(Rng& rng) {
  const auto coin = [&] { return rng.uniform() < 0.5; };
  const auto drawFactor = [&](std::optional<double>& factor) {
    if (coin()) factor = rng.uniform(0.5, 1.5);
  };
  Distortion drawn;
  if (coin()) drawn.brightness = rng.uniform(-32, 32);
  drawn.contrastFirst = coin();
  if (drawn.contrastFirst) drawFactor(drawn.contrast);
  drawFactor(drawn.saturation);
  if (coin()) drawn.hue = static_cast<int>(rng.below(36)) - 18;
  if (!drawn.contrastFirst) drawFactor(drawn.contrast);
  return drawn;
}

void distort(const Distortion& distortion, cv::Mat& picture, cv::Mat& scratch) {
  constexpr size_t kHue = 0, kSaturation = 1;
  applyTone(distortion, picture);
  if (distortion.saturation)
    lookUpInHsv(linearTable(*distortion.saturation, 0), kSaturation, picture, scratch);
  if (distortion.hue) lookUpInHsv(turnTable(*distortion.hue), kHue, picture, scratch);
  if (distortion.contrast && !distortion.contrastFirst) lookUp(linearTable(*distortion.contrast, 0), picture);
}

}  // namespace cv::mixmim
