#include "data_pipeline/label_map.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "data_pipeline/image_format.hpp"
#include "decode/pixel_tally.hpp"
#include "decode/png_state.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kKeptBytes = size_t{64} << 20;  // of pixels, for the next map; a rare giant is let go

const char* nameOfColours(int colourType) {
  switch (colourType) {
    case PNG_COLOR_TYPE_RGB:
      return "RGB";
    case PNG_COLOR_TYPE_RGB_ALPHA:
      return "RGB with alpha";
    default:
      return "grey with alpha";
  }
}

void checkFormat(const std::vector<uint8_t>& bytes) {
  if (bytes.empty()) throw Error("the file is empty");
  if (const ImageFormat format = formatOf(bytes); format != ImageFormat::kPng)
    throw Error(fmt::format("expected a PNG with a label for every pixel, got {}", nameOf(format)));
}

void checkHeader(const PngState& state, cv::Size picture) {
  if (state.colourType != PNG_COLOR_TYPE_PALETTE && state.colourType != PNG_COLOR_TYPE_GRAY)
    throw Error(
        fmt::format("expected one channel, grey or a palette, got {}", nameOfColours(state.colourType)));
  if (state.map != picture)
    throw Error(fmt::format("expected {} x {} as its picture, got {} x {}", picture.width, picture.height,
                            state.map.width, state.map.height));
}

/// From two bytes a value to one, in place.
void keepLowerBytes(std::vector<uint8_t>& values) {
  const size_t count = values.size() / 2;
  for (size_t i = 0; i < count; ++i) {
    if (values[2 * i] != 0)
      throw Error(fmt::format("label {}, expected at most 255", values[2 * i] << 8 | values[2 * i + 1]));
    values[i] = values[2 * i + 1];
  }
}

/// How many values of a file, from 0, the rule knows beside kIgnoredLabel.
int valuesOf(const LabelRule& rule) {
  return rule.classes + (rule.reduceZero ? 1 : 0);
}

/// Throws Error for the smallest value that is no label by the rule.
void checkValues(const LabelRule& rule, const PixelCounts& counts) {
  const int known = valuesOf(rule);
  for (int value = known; value < kIgnoredLabel; ++value)
    if (counts[static_cast<size_t>(value)] > 0)
      throw Error(fmt::format("label {}, expected {} or {}", value,
                              known == 1 ? "0" : fmt::format("0 to {}", known - 1), kIgnoredLabel));
}

}  // namespace

PixelCounts countPixels(const cv::Mat& labels) {
  CV_Assert(labels.type() == CV_8U);
  PixelTally tally;
  for (int y = 0; y < labels.rows; ++y) {
    const uint8_t* row = labels.ptr(y);
    for (size_t x = 0; x < static_cast<size_t>(labels.cols); ++x) tally.add(row[x], x);
  }
  return tally.counts();
}

int64_t applyRule(const LabelRule& rule, cv::Mat& labels) {
  CV_Assert(rule.classes >= 1 && valuesOf(rule) <= kIgnoredLabel);
  const PixelCounts counts = countPixels(labels);
  checkValues(rule, counts);
  const auto less = [](uint8_t value) {  // from 0 to 255, and 255 stays
    return static_cast<uint8_t>(value == kIgnoredLabel ? value : value - 1);
  };
  for (int y = 0; rule.reduceZero && y < labels.rows; ++y)
    std::transform(labels.ptr(y), labels.ptr(y) + labels.cols, labels.ptr(y), less);
  return static_cast<int64_t>(labels.total()) - counts[kIgnoredLabel] - (rule.reduceZero ? counts[0] : 0);
}

LabelMapDecoder::LabelMapDecoder() : state_(std::make_unique<PngState>()) {}

LabelMapDecoder::~LabelMapDecoder() = default;

cv::Mat LabelMapDecoder::decode(const std::vector<uint8_t>& bytes, cv::Size picture) {
  PngState& state = *state_;
  if (state.values.capacity() > kKeptBytes) std::vector<uint8_t>().swap(state.values);
  checkFormat(bytes);
  state.readHeader(bytes.data(), bytes.size());
  checkHeader(state, picture);
  state.readRows();
  if (state.bits == 16) keepLowerBytes(state.values);
  return {state.map, CV_8U, state.values.data()};
}

}  // namespace cv::mixmim
