#include "opencv2/mixmim/preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int kPublishedSize = 224;  // larger inputs are not cropped: the reference sets crop_pct to 1

/// Where a centre crop of `side` begins in `length` pixels. A shorter image is padded on both sides, the odd
/// pixel at the end; a longer one rounds half to even, as Python's round() does.
int cropStart(int length, int side) {
  if (length < side) return -((side - length) / 2);
  const int surplus = length - side, half = surplus / 2;
  return half + (surplus % 2 != 0 && half % 2 != 0 ? 1 : 0);
}

}  // namespace

EvalGeometry evalGeometry(cv::Size image, int imageSize, double evalCrop) {
  if (image.width < 1 || image.height < 1 || imageSize < 1 || !(evalCrop > 0))
    throw Error(
        fmt::format("evalGeometry: expected positive sizes and share, got image {} x {}, size {}, share {}",
                    image.width, image.height, imageSize, evalCrop));
  const int shorter = imageSize <= kPublishedSize ? static_cast<int>(imageSize / evalCrop) : imageSize;
  const int shortSide = std::min(image.width, image.height), longSide = std::max(image.width, image.height);
  const double longer = std::trunc(static_cast<double>(int64_t{shorter} * longSide) / shortSide);
  if (longer > std::numeric_limits<int>::max())
    throw Error(fmt::format("evalGeometry: expected a moderate aspect ratio, got an image of {} x {}",
                            image.width, image.height));
  const int other = static_cast<int>(longer);
  EvalGeometry geometry;
  geometry.resized = image.width <= image.height ? cv::Size(shorter, other) : cv::Size(other, shorter);
  geometry.crop = {cropStart(geometry.resized.width, imageSize),
                   cropStart(geometry.resized.height, imageSize), imageSize, imageSize};
  return geometry;
}

void evalTransform(const cv::Mat& src, int imageSize, double evalCrop, Resampler& resampler, cv::Mat& dst) {
  const EvalGeometry geometry = evalGeometry(src.size(), imageSize, evalCrop);
  dst.create(imageSize, imageSize, src.type());
  const cv::Rect window = geometry.crop & cv::Rect({}, geometry.resized);
  if (window != geometry.crop) dst.setTo(cv::Scalar::all(0));
  cv::Mat inside = dst(window - geometry.crop.tl());
  resampler.resize(src, geometry.resized, window, false, inside);
}

}  // namespace cv::mixmim
