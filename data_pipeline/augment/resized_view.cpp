#include "data_pipeline/resized_view.hpp"

#include <algorithm>

#include "augment/bilinear.hpp"

namespace cv::mixmim {

namespace {

struct Range {
  int begin, end;
};

/// The pixels of an axis that [begin, begin + length) of the resized axis is made of.
Range needed(int begin, int length, int size, int resized) {
  const double scale = scaleOf(size, resized);
  return {bilinearRow(begin, size, scale).first, bilinearRow(begin + length - 1, size, scale).second + 1};
}

}  // namespace

cv::Size sizeInBox(cv::Size picture, double longSide, double shortSide) {
  const auto [shorter, longer] = std::minmax(picture.width, picture.height);
  const double factor = std::min(longSide / longer, shortSide / shorter);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(side * factor + 0.5)); };
  return {scaled(picture.width), scaled(picture.height)};
}

cv::Rect ResizedView::region() const {
  const Range x = needed(crop.x, crop.width, picture.width, resized.width),
              y = needed(crop.y, crop.height, picture.height, resized.height);
  return {x.begin, y.begin, x.end - x.begin, y.end - y.begin};
}

View ResizedView::view() const {
  const double x = static_cast<double>(picture.width) / resized.width,
               y = static_cast<double>(picture.height) / resized.height;
  return {{crop.x * x, crop.y * y, crop.width * x, crop.height * y}, crop.size(), flip};
}

}  // namespace cv::mixmim
