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

[[noreturn]] void refuse(const LabelRule& rule, const PixelCounts& counts) {
  const int known = valuesOf(rule);
  const auto first =
      std::find_if(counts.begin() + known, counts.end(), [](int64_t count) { return count > 0; });
  throw Error(fmt::format("label {}, expected {} or {}", first - counts.begin(),
                          known == 1 ? "0" : fmt::format("0 to {}", known - 1), kIgnoredLabel));
}

/// How many pixels the rule ignores, and how many it does not know.
struct RuledPixels {
  int64_t ignored = 0, unknown = 0;
};

/// Without a branch, so that the loop is vector code.
RuledPixels ruledPixels(const LabelRule& rule, const cv::Mat& labels) {
  const auto ignored = static_cast<uint8_t>(kIgnoredLabel), known = static_cast<uint8_t>(valuesOf(rule));
  const uint8_t other = rule.reduceZero ? 0 : ignored;
  RuledPixels pixels;
  for (int y = 0; y < labels.rows; ++y) {
    const uint8_t* row = labels.ptr(y);
    uint32_t ofIgnored = 0, ofUnknown = 0;
    for (int x = 0; x < labels.cols; ++x) {
      ofIgnored += static_cast<uint32_t>((row[x] == ignored) | (row[x] == other));
      ofUnknown += static_cast<uint32_t>((row[x] >= known) & (row[x] != ignored));
    }
    pixels.ignored += ofIgnored;
    pixels.unknown += ofUnknown;
  }
  return pixels;
}

/// From 1 to 0 and so on, and from 0 to 255, which stays.
void reduce(cv::Mat& labels) {
  for (int y = 0; y < labels.rows; ++y)
    std::transform(labels.ptr(y), labels.ptr(y) + labels.cols, labels.ptr(y), [](uint8_t value) {
      return static_cast<uint8_t>(value == kIgnoredLabel ? value : value - 1);
    });
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
  CV_Assert(labels.type() == CV_8U && rule.classes >= 1 && valuesOf(rule) <= kIgnoredLabel);
  const RuledPixels pixels = ruledPixels(rule, labels);
  if (pixels.unknown > 0) refuse(rule, countPixels(labels));
  if (rule.reduceZero) reduce(labels);
  return static_cast<int64_t>(labels.total()) - pixels.ignored;
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
