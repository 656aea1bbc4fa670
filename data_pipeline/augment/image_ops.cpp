#include "augment/image_ops.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "augment/affine_row.hpp"

namespace cv::mixmim::ops {

namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<int, 256>;

size_t valuesPerRow(const cv::Mat& image) {
  return static_cast<size_t>(image.cols) * 3;
}

/// value = change(value) for all values of the image; vector code where `change` is plain arithmetic.
template <class Change>
void forEachValue(cv::Mat& image, const Change& change) {
  const size_t n = valuesPerRow(image);
  for (int y = 0; y < image.rows; ++y) {
    uint8_t* row = image.ptr(y);
    for (size_t x = 0; x < n; ++x) row[x] = change(row[x]);
  }
}

void applyTables(cv::Mat& image, const std::array<Table, 3>& tables) {
  for (int y = 0; y < image.rows; ++y) {
    uint8_t* pixel = image.ptr(y);
    for (int x = 0; x < image.cols; ++x, pixel += 3)
      for (size_t c = 0; c < 3; ++c) pixel[c] = tables[c][pixel[c]];
  }
}

std::array<Histogram, 3> histograms(const cv::Mat& image) {
  std::array<Histogram, 3> counts{};
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* pixel = image.ptr(y);
    for (int x = 0; x < image.cols; ++x, pixel += 3)
      for (size_t c = 0; c < 3; ++c) ++counts[c][pixel[c]];
  }
  return counts;
}

Table unchanged() {
  Table table;
  std::iota(table.begin(), table.end(), uint8_t{0});
  return table;
}

uint8_t truncated(double value) {
  return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
}

Table stretchTable(const Histogram& counts) {
  const auto present = [](int count) { return count > 0; };
  const auto lowest = std::find_if(counts.begin(), counts.end(), present);
  const auto highest = std::find_if(counts.rbegin(), counts.rend(), present);
  const auto low = lowest - counts.begin(), high = counts.rend() - highest - 1;
  if (high <= low) return unchanged();
  Table table;
  const double scale = 255.0 / static_cast<double>(high - low), offset = -static_cast<double>(low) * scale;
  for (size_t i = 0; i < table.size(); ++i) table[i] = truncated(static_cast<double>(i) * scale + offset);
  return table;
}

Table flatTable(const Histogram& counts) {
  const auto bins = counts.size() - static_cast<size_t>(std::count(counts.begin(), counts.end(), 0));
  const auto last = std::find_if(counts.rbegin(), counts.rend(), [](int count) { return count > 0; });
  const int step = bins > 1 ? (std::accumulate(counts.begin(), counts.end(), 0) - *last) / 255 : 0;
  if (step == 0) return unchanged();
  Table table;
  int n = step / 2;
  for (size_t i = 0; i < table.size(); n += counts[i++])
    table[i] = static_cast<uint8_t>(std::min(255, n / step));
  return table;
}

/// Pillow's blend of a degenerate value (factor 0) and the value itself (factor 1), or beyond.
uint8_t blended(int degenerate, int value, float factor) {
  const float result = static_cast<float>(degenerate) + factor * static_cast<float>(value - degenerate);
  return static_cast<uint8_t>(std::min(255.f, std::max(0.f, result)));
}

int greyOf(const uint8_t* pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

void blendWithConstant(cv::Mat& image, int degenerate, float factor) {
  Table table;
  for (size_t i = 0; i < table.size(); ++i) table[i] = blended(degenerate, static_cast<int>(i), factor);
  applyTables(image, {table, table, table});
}

}  // namespace

void autoContrast(cv::Mat& image) {
  const auto counts = histograms(image);
  applyTables(image, {stretchTable(counts[0]), stretchTable(counts[1]), stretchTable(counts[2])});
}

void equalize(cv::Mat& image) {
  const auto counts = histograms(image);
  applyTables(image, {flatTable(counts[0]), flatTable(counts[1]), flatTable(counts[2])});
}

void invert(cv::Mat& image) {
  forEachValue(image, [](uint8_t value) { return static_cast<uint8_t>(~value); });
}

void posterize(cv::Mat& image, int bits) {
  const auto kept = static_cast<uint8_t>(0xff << (8 - bits));
  forEachValue(image, [kept](uint8_t value) { return static_cast<uint8_t>(value & kept); });
}

void solarize(cv::Mat& image, int threshold) {
  if (threshold > 255) return;
  const auto first = static_cast<uint8_t>(threshold);
  forEachValue(image,
               [first](uint8_t value) { return value >= first ? static_cast<uint8_t>(~value) : value; });
}

void solarizeAdd(cv::Mat& image, int amount) {
  constexpr uint8_t kThreshold = 128;
  const int most = 255 - amount;
  const auto added = static_cast<uint8_t>(amount);
  forEachValue(image, [&](uint8_t value) {
    const auto sum = static_cast<uint8_t>(value > most ? 255 : value + added);
    return value < kThreshold ? sum : value;
  });
}

void brightness(cv::Mat& image, float factor) {
  blendWithConstant(image, 0, factor);
}

void contrast(cv::Mat& image, float factor) {
  int64_t sum = 0;
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* pixel = image.ptr(y);
    int rowSum = 0;
    for (int x = 0; x < image.cols; ++x, pixel += 3) rowSum += greyOf(pixel);
    sum += rowSum;
  }
  const double mean = static_cast<double>(sum) / static_cast<double>(image.total());
  blendWithConstant(image, static_cast<int>(mean + 0.5), factor);
}

void colour(cv::Mat& image, float factor, cv::Mat& scratch) {
  const int n = image.cols * 3;
  scratch.create(1, n, CV_8UC1);
  uint8_t* greys = scratch.ptr();
  for (int y = 0; y < image.rows; ++y) {
    uint8_t* row = image.ptr(y);
    for (int x = 0; x < n; x += 3)
      greys[x] = greys[x + 1] = greys[x + 2] = static_cast<uint8_t>(greyOf(row + x));
    for (int x = 0; x < n; ++x) row[x] = blended(greys[x], row[x], factor);
  }
}

/// PIL.ImageFilter.SMOOTH: 1 1 1 / 1 5 1 / 1 1 1, divided by 13, rounded; the border is copied.
void sharpness(cv::Mat& image, float factor, cv::Mat& scratch) {
  image.copyTo(scratch);
  const int n = image.cols * 3;
  for (int y = 1; y + 1 < image.rows; ++y) {
    const uint8_t *above = scratch.ptr(y - 1), *here = scratch.ptr(y), *below = scratch.ptr(y + 1);
    uint8_t* out = image.ptr(y);
    for (int x = 3; x + 3 < n; ++x) {
      const int sum = above[x - 3] + above[x] + above[x + 3] + here[x - 3] + 5 * here[x] + here[x + 3] +
                      below[x - 3] + below[x] + below[x + 3];
      out[x] = blended((2 * sum + 13) / 26, here[x], factor);
    }
  }
}

namespace {

/// As Python's round(value, 15).
double roundedTo15Digits(double value) {
  const std::string text = fmt::format("{:.15f}", value);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Turns by a multiple of a quarter permute the pixels of a square.
void turnBackwards(cv::Mat& image, cv::Mat& scratch) {
  image.copyTo(scratch);
  for (int y = 0; y < image.rows; ++y)
    for (int x = 0; x < image.cols; ++x)
      image.at<cv::Vec3b>(y, x) = scratch.at<cv::Vec3b>(image.rows - 1 - y, image.cols - 1 - x);
}

void turnLeft(cv::Mat& square, cv::Mat& scratch) {
  square.copyTo(scratch);
  for (int y = 0; y < square.rows; ++y)
    for (int x = 0; x < square.cols; ++x)
      square.at<cv::Vec3b>(y, x) = scratch.at<cv::Vec3b>(x, square.cols - 1 - y);
}

}  // namespace

void affine(cv::Mat& image, const cv::Matx23d& matrix, cv::Mat& scratch) {
  scratch.create(image.rows + 1, image.cols,
                 CV_8UC3);  // a row more: the vector code reads a byte behind the last pixel
  image.copyTo(scratch.rowRange(0, image.rows));
  const AffineRow row = affineRow();
  for (int y = 0; y < image.rows; ++y) row(scratch, image.size(), matrix, y, image.ptr(y));
}

void rotate(cv::Mat& image, double degrees, cv::Mat& scratch) {
  double turn = std::fmod(degrees, 360);
  if (turn < 0) turn += 360;
  const bool square = image.rows == image.cols;
  if (turn == 0) return;
  if (turn == 180) return turnBackwards(image, scratch);
  if (turn == 90 && square) return turnLeft(image, scratch);
  if (turn == 270 && square) {
    turnBackwards(image, scratch);
    return turnLeft(image, scratch);
  }
  constexpr double kRadian = 3.14159265358979323846 / 180;
  const double angle = -(turn * kRadian);
  const double cosine = roundedTo15Digits(std::cos(angle)), sine = roundedTo15Digits(std::sin(angle));
  const double x = image.cols / 2.0, y = image.rows / 2.0;
  const double c = cosine * -x + sine * -y, f = -sine * -x + cosine * -y;
  affine(image, {cosine, sine, c + x, -sine, cosine, f + y}, scratch);
}

}  // namespace cv::mixmim::ops
