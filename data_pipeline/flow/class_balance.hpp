// Classes that are drawn more alike than they are frequent.
#pragma once

#include <cstdint>
#include <vector>

#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// A uniformly random order of the elements (Fisher-Yates).
void permute(std::vector<int64_t>& elements, Rng& rng);

/// The images of an epoch where a class of n images counts as n^(1 - balance): each class is given its share
/// of the epoch to a whole number, and its images take turns: how often two of them are drawn differs by one
/// at most. A pure function of seed and epoch.
class ClassBalance {
 public:
  /// The class of every image. Throws Error where an image has none.
  ClassBalance(const std::vector<int>& labels, double balance);

  /// As many indices as `order` has room for, class after class.
  void draw(uint64_t seed, int64_t epoch, std::vector<int64_t>& order) const;

 private:
  std::vector<std::vector<int64_t>> images_;  // of the classes that have some
  std::vector<double> shares_;                // of an epoch; their sum is 1
};

}  // namespace cv::mixmim
