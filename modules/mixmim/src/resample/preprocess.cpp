#include "opencv2/mixmim/preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int kPublishedSize = 224;  // larger inputs are not cropped: the references set crop_pct to 1

constexpr std::pair<EvalRule, const char*> kRules[] = {
    {EvalRule::kOfficial, "official"}, {EvalRule::kTimm, "timm"}, {EvalRule::kStretch, "stretch"}};

/// Where a centre crop of `side` begins in `length` pixels. A shorter image is padded on both sides, the odd
/// pixel at the end; a longer one rounds half to even, as Python's round() does.
int cropStart(int length, int side) {
  if (length < side) return -((side - length) / 2);
  const int surplus = length - side, half = surplus / 2;
  return half + (surplus % 2 != 0 && half % 2 != 0 ? 1 : 0);
}

/// The length that a side of the input asks of the same side of the resized image.
int wantedSide(int side, const EvalView& view) {
  const bool whole = view.rule == EvalRule::kOfficial && side > kPublishedSize;
  return whole ? side : static_cast<int>(side / view.crop);
}

/// `length` in the proportion to : from, rounded down.
int scaled(int length, int to, int from, cv::Size image) {
  const double exact = std::trunc(static_cast<double>(int64_t{length} * to) / from);
  if (exact > std::numeric_limits<int>::max())
    throw Error(fmt::format("evalGeometry: expected a moderate aspect ratio, got an image of {} x {}",
                            image.width, image.height));
  return static_cast<int>(exact);
}

}  // namespace

const char* nameOf(EvalRule rule) {
  for (const auto& [value, word] : kRules)
    if (value == rule) return word;
  CV_Error(cv::Error::StsBadArg, "no rule of evaluation");
}

std::vector<std::string> evalRuleNames() {
  std::vector<std::string> names;
  for (const auto& rule : kRules) names.emplace_back(rule.second);
  return names;
}

std::optional<EvalRule> evalRuleNamed(const std::string& word) {
  for (const auto& [value, name] : kRules)
    if (word == name) return value;
  return std::nullopt;
}

double usualCrop(EvalRule rule, cv::Size imageSize) {
  if (rule != EvalRule::kTimm) return EvalView{}.crop;
  return std::min(imageSize.width, imageSize.height) > kPublishedSize ? 1 : 0.9;
}

EvalGeometry evalGeometry(cv::Size image, cv::Size imageSize, const EvalView& view) {
  if (image.width < 1 || image.height < 1 || imageSize.width < 1 || imageSize.height < 1 || !(view.crop > 0))
    throw Error(fmt::format(
        "evalGeometry: expected positive sizes and share, got image {} x {}, size {} x {}, share {}",
        image.width, image.height, imageSize.width, imageSize.height, view.crop));
  if (view.rule == EvalRule::kStretch) return {imageSize, {{}, imageSize}};
  const cv::Size wanted(wantedSide(imageSize.width, view), wantedSide(imageSize.height, view));
  const bool byWidth = int64_t{wanted.width} * image.height >= int64_t{wanted.height} * image.width;
  EvalGeometry geometry;
  geometry.resized = byWidth
                         ? cv::Size(wanted.width, scaled(image.height, wanted.width, image.width, image))
                         : cv::Size(scaled(image.width, wanted.height, image.height, image), wanted.height);
  geometry.crop = {{cropStart(geometry.resized.width, imageSize.width),
                    cropStart(geometry.resized.height, imageSize.height)},
                   imageSize};
  return geometry;
}

void evalTransform(const cv::Mat& src, cv::Size imageSize, const EvalView& view, Resampler& resampler,
                   cv::Mat& dst) {
  const EvalGeometry geometry = evalGeometry(src.size(), imageSize, view);
  dst.create(imageSize, src.type());
  const cv::Rect window = geometry.crop & cv::Rect({}, geometry.resized);
  if (window != geometry.crop) dst.setTo(cv::Scalar::all(0));
  cv::Mat inside = dst(window - geometry.crop.tl());
  resampler.resize(src, geometry.resized, window, false, inside);
}

}  // namespace cv::mixmim
