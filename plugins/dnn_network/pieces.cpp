#include "pieces.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace cv::mixmim {

namespace {

/// The size of a piece by its first and its last place.
cv::Size sizeBetween(int first, int last, const Sight& sight) {
  const int stride = 2 * sight.window.width - 1;  // of Sight::place, from row to row
  return {last % stride - first % stride + 1, last / stride - first / stride + 1};
}

}  // namespace

Pieces piecesOf(const Sight& sight) {
  const auto placeOf = [&](int64_t token) { return sight.place[static_cast<size_t>(token)]; };
  Pieces pieces{{}, cv::Mat(static_cast<int>(sight.segments.size()), 3, CV_32S)};
  std::vector<int32_t> listed;
  int* rectangle = pieces.rectangles.ptr<int>();
  for (const Segment& segment : sight.segments) {
    std::vector<int64_t> tokens(static_cast<size_t>(segment.queries()));
    std::iota(tokens.begin(), tokens.end(), segment.queryBegin);
    cv::Size size(static_cast<int>(tokens.size()), 1);
    if (!sight.place.empty()) {
      if (!sight.listed.empty())
        std::sort(tokens.begin(), tokens.end(),
                  [&](int64_t a, int64_t b) { return placeOf(a) < placeOf(b); });
      size = sizeBetween(placeOf(tokens.front()), placeOf(tokens.back()), sight);
    }
    CV_Assert(size.area() == static_cast<int>(tokens.size()));
    if (!sight.listed.empty())
      for (const int64_t token : tokens) listed.push_back(sight.listed[static_cast<size_t>(token)]);
    *rectangle++ = static_cast<int>(segment.queryBegin);
    *rectangle++ = size.width;
    *rectangle++ = size.height;
  }
  pieces.listed = cv::Mat(listed, /*copyData=*/true);
  return pieces;
}

}  // namespace cv::mixmim
