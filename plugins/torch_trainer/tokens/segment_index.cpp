#include "tokens/segment_index.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "compute/device.hpp"

namespace cv::mixmim {

namespace {

using Numbers = std::vector<int32_t>;

int64_t padded(int64_t n) {
  return (n + SegmentIndex::kRowMultiple - 1) / SegmentIndex::kRowMultiple * SegmentIndex::kRowMultiple;
}

/// How places and offsets between places are counted in windows of one size.
struct Window {
  explicit Window(cv::Size size) : size_(size), line_(2 * size.width - 1) {}
  int tokens() const { return size_.area(); }
  int offsets() const { return (2 * size_.height - 1) * line_; }
  /// Row of the table for a query and a key, by their places.
  int rowOf(int from, int to) const { return from - to + (size_.height - 1) * line_ + size_.width - 1; }
  /// Tokens of a window, row by row.
  int rasterOf(int place) const {
    CV_Assert(place / line_ < size_.height && place % line_ < size_.width);
    return place / line_ * size_.width + place % line_;
  }
  int placeOf(int raster) const { return raster / size_.width * line_ + raster % size_.width; }

 private:
  cv::Size size_;
  int line_;
};

/// The pairs of a window that share a row of the table, a line for each row.
Numbers membersOf(const Window& window) {
  const int n = window.tokens(), none = n * n;
  Numbers members(static_cast<size_t>(window.offsets()) * static_cast<size_t>(n), none);
  Numbers counts(static_cast<size_t>(window.offsets()));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const auto row = static_cast<size_t>(window.rowOf(window.placeOf(i), window.placeOf(j)));
      members[row * static_cast<size_t>(n) + static_cast<size_t>(counts[row]++)] = i * n + j;
    }
  return members;
}

/// The same on the device, made once for windows of a size, because it does not depend on a mask.
at::Tensor membersOn(at::Device device, cv::Size size) {
  static std::mutex mutex;
  using Known = std::map<std::tuple<at::DeviceType, at::DeviceIndex, int, int>, at::Tensor>;
  static Known& known = *new Known;  // never deleted, because at exit the device may be gone before it
  const std::lock_guard<std::mutex> lock(mutex);
  at::Tensor& members = known[{device.type(), device.index(), size.height, size.width}];
  if (!members.defined()) {
    const Window window(size);
    members = toDevice(at::tensor(membersOf(window), at::kInt), device).view({window.offsets(), -1});
  }
  return members;
}

}  // namespace

SegmentIndex::SegmentIndex(const Sight& sight, IndexBlock& block)
    : members_(membersOn(block.device(), sight.window)) {
  const Window window(sight.window);
  const int64_t n = window.tokens();
  windows_ = static_cast<int64_t>(sight.place.size()) / n;
  int64_t padding = 0;
  for (const Segment& segment : sight.segments) {
    sizes_.push_back(segment.queries());
    pairs_ += segment.queries() * segment.queries();
    padding += segment.queries() * (padded(segment.queries()) - segment.queries());
  }
  Numbers rasters;
  for (const int32_t place : sight.place) rasters.push_back(window.rasterOf(place));
  int32_t *row = nullptr, *places = nullptr, pair = 0;
  rows_ = block.room(pairs_ + padding, row);
  places_ = block.room(windows_ * n * n, places);
  std::fill_n(places, windows_ * n * n, static_cast<int32_t>(pairs_));
  for (const Segment& segment : sight.segments) {
    const int32_t *to = sight.place.data() + segment.queryBegin,
                  *raster = rasters.data() + segment.queryBegin;
    const int64_t count = segment.queries(), chunk = segment.queryBegin / n;
    for (int64_t i = 0; i < count; ++i) {
      int32_t* const line = places + (chunk * n + raster[i]) * n;
      for (int64_t j = 0; j < count; ++j) {
        *row++ = window.rowOf(to[i], to[j]);
        line[raster[j]] = pair++;
      }
      row = std::fill_n(row, padded(count) - count, 0);
    }
  }
}

std::vector<at::Tensor> SegmentIndex::biases(const at::Tensor& table, at::ScalarType type) const {
  const at::Tensor numbers = table.to(type).t().index_select(1, rows_);  // heads x all of them
  std::vector<at::Tensor> biases;
  int64_t begin = 0;
  for (const int64_t n : sizes_) {
    const at::Tensor rows = numbers.narrow(1, begin, n * padded(n)).unflatten(1, {n, padded(n)});
    biases.push_back(rows.narrow(2, 0, n));
    begin += n * padded(n);
  }
  return biases;
}

at::Tensor SegmentIndex::tableGradient(const std::vector<at::Tensor>& gradients) const {
  const at::Tensor none = gradients.front().new_zeros({gradients.front().size(0), 1});
  std::vector<at::Tensor> pairs;
  for (const at::Tensor& gradient : gradients) pairs.push_back(gradient.flatten(1));
  pairs.push_back(none);
  const at::Tensor ofWindow = at::cat(pairs, 1).index_select(1, places_).unflatten(1, {windows_, -1}).sum(1);
  const at::Tensor ofRows = at::cat({ofWindow, none}, 1).index_select(1, members_.flatten());
  return ofRows.unflatten(1, members_.sizes()).sum(2).t().contiguous();
}

}  // namespace cv::mixmim
