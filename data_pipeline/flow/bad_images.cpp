#include "data_pipeline/bad_images.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kJudgedFrom = 100;  // images; the rate of a handful says nothing
constexpr size_t kNamed = 3;          // files an error names

bool isEarlier(const BadImage& a, const BadImage& b) {
  return std::tie(a.epoch, a.position) < std::tie(b.epoch, b.position);
}

}  // namespace

BadImages::BadImages(const DataConfig& config)
    : maxImages_(config.maxBadImages), maxRate_(config.maxBadRate) {}

void BadImages::addGood() {
  const std::lock_guard lock(mutex_);
  ++tried_;
}

void BadImages::add(int64_t index, BadImage image) {
  const std::lock_guard lock(mutex_);
  ++tried_;
  ++failed_;
  const auto [place, isNew] = images_.try_emplace(index, image);
  if (isNew)
    found_.push_back(index);
  else if (isEarlier(image, place->second))
    place->second = std::move(image);
  judge();
}

void BadImages::judge() const {
  const auto files = static_cast<int64_t>(images_.size());
  if (files > maxImages_)
    throw Error("data.maxBadImages",
                fmt::format("expected at most {} unreadable files, got {}: {}", maxImages_, files, named()),
                "repair the data set or raise the limit");
  if (tried_ >= kJudgedFrom && static_cast<double>(failed_) > maxRate_ * static_cast<double>(tried_))
    throw Error("data.maxBadRate",
                fmt::format("expected at most {:g} % unreadable images, got {} of {}: {}", 100 * maxRate_,
                            failed_, tried_, named()),
                "repair the data set or raise the limit");
}

std::string BadImages::named() const {
  std::vector<std::string> files;
  for (const auto& [index, image] : images_)
    files.push_back(fmt::format("{} ({})", placeText(image.path, image.offset), image.reason));
  return firstFew(files, kNamed);
}

std::vector<BadImage> BadImages::list() const {
  std::vector<BadImage> images;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [index, image] : images_) images.push_back(image);
  }
  std::stable_sort(images.begin(), images.end(), isEarlier);
  return images;
}

std::vector<BadImage> BadImages::listFrom(size_t skipped) const {
  const std::lock_guard lock(mutex_);
  std::vector<BadImage> images;
  for (size_t i = skipped; i < found_.size(); ++i) images.push_back(images_.at(found_[i]));
  return images;
}

}  // namespace cv::mixmim
