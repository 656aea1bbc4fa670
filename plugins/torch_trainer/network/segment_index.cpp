#include "network/segment_index.hpp"

#include "compute/device.hpp"

namespace cv::mixmim {

namespace {

using Numbers = std::vector<int32_t>;

at::Tensor onDevice(const Numbers& numbers, at::Device device) {
  return toDevice(at::tensor(numbers, at::kInt), device);
}

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
  Numbers members(static_cast<size_t>(window.offsets()) * static_cast<size_t>(n), none),
      counts(members.size());
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const auto row = static_cast<size_t>(window.rowOf(window.placeOf(i), window.placeOf(j)));
      members[row * static_cast<size_t>(n) + static_cast<size_t>(counts[row]++)] = i * n + j;
    }
  return members;
}

}  // namespace

SegmentIndex::SegmentIndex(const Sight& sight, at::Device device) {
  const Window window(sight.window);
  const int64_t n = window.tokens();
  windows_ = static_cast<int64_t>(sight.place.size()) / n;
  for (const Segment& segment : sight.segments) {
    sizes_.push_back(segment.queries());
    pairs_ += segment.queries() * segment.queries();
  }
  Numbers rows, places(static_cast<size_t>(windows_ * n * n), static_cast<int32_t>(pairs_));
  int32_t pair = 0;
  for (const Segment& segment : sight.segments) {
    const int64_t first = segment.queryBegin, chunk = first / n;
    for (int64_t i = first; i < segment.queryEnd; ++i) {
      const int from = sight.place[static_cast<size_t>(i)];
      const int64_t line = (chunk * n + window.rasterOf(from)) * n;
      for (int64_t j = first; j < segment.queryEnd; ++j) {
        const int to = sight.place[static_cast<size_t>(j)];
        rows.push_back(window.rowOf(from, to));
        places[static_cast<size_t>(line + window.rasterOf(to))] = pair++;
      }
      rows.resize(rows.size() + static_cast<size_t>(padded(segment.queries()) - segment.queries()), 0);
    }
  }
  rows_ = onDevice(rows, device);
  places_ = onDevice(places, device);
  members_ = onDevice(membersOf(window), device).view({window.offsets(), n});
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
  std::vector<at::Tensor> pairs;
  for (const at::Tensor& gradient : gradients) pairs.push_back(gradient.flatten(1));
  const auto withNone = [](std::vector<at::Tensor> parts) {  // and a 0 behind the last
    parts.push_back(parts.front().new_zeros({parts.front().size(0), 1}));
    return at::cat(parts, 1);
  };
  const at::Tensor ofWindow =
      withNone(std::move(pairs)).index_select(1, places_).unflatten(1, {windows_, -1}).sum(1);
  return withNone({ofWindow})
      .index_select(1, members_.flatten())
      .unflatten(1, members_.sizes())
      .sum(2)
      .t()
      .contiguous();
}

}  // namespace cv::mixmim
