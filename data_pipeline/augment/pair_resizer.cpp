#include <algorithm>
#include <cstring>

#include <opencv2/core/hal/intrin.hpp>

#include "augment/bilinear.hpp"
#include "data_pipeline/resized_view.hpp"
#include "decode/pixel_tally.hpp"

namespace cv::mixmim {

namespace {

constexpr int kChannels = 3;
constexpr int kRead = kChannels + 8;  // bytes of a row, from a pixel and its neighbour

/// Where the slot's column `x` stands in the resized picture.
int cropColumn(const ResizedView& view, int x) {
  return view.crop.x + (view.flip ? view.crop.width - 1 - x : x);
}

/// use(row of the label map, first row of the slot that shows it, how many do).
template <class Use>
void forEachRow(const ResizedView& view, const Use& use) {
  const double scale = scaleOf(view.picture.height, view.resized.height);
  const auto from = [&](int y) { return nearest(view.crop.y + y, view.picture.height, scale); };
  for (int first = 0, end = 0; first < view.crop.height; first = end) {
    while (end < view.crop.height && from(end) == from(first)) ++end;
    use(from(first), first, end - first);
  }
}

/// Three values in 1/128, from a row and two of its pixels.
void blendPixel(const uint8_t* row, const BilinearColumn& column, int16_t* out) {
  for (int c = 0; c < kChannels; ++c)
    out[c] = static_cast<int16_t>(
        (row[column.left + c] * column.ofLeft + row[column.right + c] * column.ofRight) >> 4);
}

/// The same of neighbours, the left of which begins at `pixels`: reads kRead bytes and writes a value more.
void blendPixelByVector(const uint8_t* pixels, const BilinearColumn& column, int16_t* out) {
  cv::v_uint16x8 pairs, rest;
  cv::v_zip(cv::v_load_expand(pixels), cv::v_load_expand(pixels + kChannels), pairs, rest);
  const auto weights = cv::v_reinterpret_as_s16(cv::v_setall_s32(column.ofRight << 16 | column.ofLeft));
  const auto sums = cv::v_shr<4>(cv::v_dotprod(cv::v_reinterpret_as_s16(pairs), weights));
  cv::v_store_low(out, cv::v_pack(sums, sums));
}

/// out = above * ofAbove + below * ofBelow, in the order of roundings of cv::resize.
void blendRows(const int16_t* above, const int16_t* below, const Bilinear& weights, int n, uint8_t* out) {
  const auto ofAbove = static_cast<int16_t>(weights.ofFirst),
             ofBelow = static_cast<int16_t>(weights.ofSecond);
  for (int x = 0; x < n; ++x) {
    const auto one = static_cast<int16_t>(above[x] * ofAbove >> 16),
               other = static_cast<int16_t>(below[x] * ofBelow >> 16);
    out[x] = static_cast<uint8_t>((one + other + 2) >> 2);
  }
}

}  // namespace

void PairResizer::prepareColumns(const ResizedView& view, cv::Rect region) {
  const double scale = scaleOf(view.picture.width, view.resized.width);
  columns_.resize(static_cast<size_t>(view.crop.width));
  for (int x = 0; x < view.crop.width; ++x) {
    const Bilinear at = bilinearColumn(cropColumn(view, x), view.picture.width, scale);
    columns_[static_cast<size_t>(x)] = {(at.first - region.x) * kChannels, (at.second - region.x) * kChannels,
                                        at.ofFirst, at.ofSecond};
  }
  for (Row& row : rows_) row.resize(columns_.size() * kChannels + 1);
  held_.fill(-1);
}

/// Row `y` of the region, interpolated; neighbours are held, because the next row of the slot often needs
/// them.
const int16_t* PairResizer::rowOf(const cv::Mat& region, int y) {
  const auto place = static_cast<size_t>(y % 2);
  int16_t* out = rows_[place].data();
  if (held_[place] == y) return out;
  held_[place] = y;
  const uint8_t* row = region.ptr(y);
  const int inside = region.cols * kChannels - kRead;
  int16_t* to = out;
  for (const BilinearColumn& column : columns_) {
    if (column.left <= inside && column.right > column.left)
      blendPixelByVector(row + column.left, column, to);
    else
      blendPixel(row, column, to);
    to += kChannels;
  }
  return out;
}

void PairResizer::showPicture(const ResizedView& view, const cv::Mat& region, cv::Mat& shown) {
  const cv::Rect needed = view.region();
  CV_Assert(region.size() == needed.size() && region.type() == CV_8UC3);
  CV_Assert(shown.size() == view.crop.size() && shown.type() == CV_8UC3);
  prepareColumns(view, needed);
  const double scale = scaleOf(view.picture.height, view.resized.height);
  for (int y = 0; y < shown.rows; ++y) {
    const Bilinear at = bilinearRow(view.crop.y + y, view.picture.height, scale);
    const int16_t *above = rowOf(region, at.first - needed.y), *below = rowOf(region, at.second - needed.y);
    blendRows(above, below, at, shown.cols * kChannels, shown.ptr(y));
  }
}

void PairResizer::prepareLabelColumns(const ResizedView& view) {
  const double scale = scaleOf(view.picture.width, view.resized.width);
  labelColumns_.resize(static_cast<size_t>(view.crop.width));
  for (int x = 0; x < view.crop.width; ++x)
    labelColumns_[static_cast<size_t>(x)] = nearest(cropColumn(view, x), view.picture.width, scale);
}

void PairResizer::showLabels(const ResizedView& view, const cv::Mat& labels, cv::Mat& shown) {
  CV_Assert(labels.size() == view.picture && labels.type() == CV_8U);
  CV_Assert(shown.size() == view.crop.size() && shown.type() == CV_8U);
  prepareLabelColumns(view);
  forEachRow(view, [&](int from, int first, int count) {
    const uint8_t* row = labels.ptr(from);
    std::transform(labelColumns_.begin(), labelColumns_.end(), shown.ptr(first),
                   [row](int x) { return row[x]; });
    for (int y = first + 1; y < first + count; ++y)
      std::memcpy(shown.ptr(y), shown.ptr(first), static_cast<size_t>(shown.cols));
  });
}

PixelCounts PairResizer::countLabels(const ResizedView& view, const cv::Mat& labels) {
  CV_Assert(labels.size() == view.picture && labels.type() == CV_8U);
  prepareLabelColumns(view);
  PixelTally tally;
  forEachRow(view, [&](int from, int, int count) {
    const uint8_t* row = labels.ptr(from);
    for (size_t x = 0; x < labelColumns_.size(); ++x) tally.add(row[labelColumns_[x]], x, count);
  });
  return tally.counts();
}

}  // namespace cv::mixmim
