#include "flow/class_balance.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

void permute(std::vector<int64_t>& elements, Rng& rng) {
  for (size_t left = elements.size(); left > 1; --left)
    std::swap(elements[left - 1], elements[rng.below(left)]);
}

ClassBalance::ClassBalance(const std::vector<int>& labels, double balance) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0)
      throw Error("data.balance", "expected images with classes, got one without", "leave it at 0");
    const auto label = static_cast<size_t>(labels[i]);
    if (label >= images_.size()) images_.resize(label + 1);
    images_[label].push_back(static_cast<int64_t>(i));
  }
  const auto isEmpty = [](const std::vector<int64_t>& images) { return images.empty(); };
  images_.erase(std::remove_if(images_.begin(), images_.end(), isEmpty), images_.end());
  double sum = 0;
  for (const auto& images : images_) {
    shares_.push_back(std::pow(static_cast<double>(images.size()), 1 - balance));
    sum += shares_.back();
  }
  for (double& share : shares_) share /= sum;
}

void ClassBalance::draw(uint64_t seed, int64_t epoch, std::vector<int64_t>& order) const {
  const auto room = static_cast<double>(order.size());
  const auto epochKey = static_cast<uint32_t>(epoch);
  size_t at = 0;
  // The borders between classes are moved by a random part of an image, so that no class gains by rounding.
  Rng rounding(seed, 0, epochKey, Purpose::kBalance);
  double border = rounding.uniform();
  for (size_t c = 0; c < images_.size(); ++c) {
    border += shares_[c] * room;
    const size_t end =
        c + 1 == images_.size() ? order.size() : std::min(order.size(), static_cast<size_t>(border));
    Rng rng(seed, c + 1, epochKey, Purpose::kBalance);
    for (std::vector<int64_t> turn = images_[c]; at < end;) {
      permute(turn, rng);
      for (size_t i = 0; i < turn.size() && at < end; ++i) order[at++] = turn[i];
    }
  }
}

}  // namespace cv::mixmim
