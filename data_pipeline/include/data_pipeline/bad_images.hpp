#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// A file that could not be used.
struct BadImage {
  std::string path;
  int64_t offset = 0;  ///< in an archive; 0 = the file itself
  std::string reason;
  int64_t epoch = 0, position = 0;  ///< where it was first wanted
  std::string substitute;           ///< what took its place; empty in evaluation, where the slot is left out
};

/// The list of files that could not be used, and the decision that they are too many.
/// Threads: all functions from any thread.
class BadImages {
 public:
  /// `config` supplies maxBadImages and maxBadRate.
  explicit BadImages(const DataConfig& config);

  /// One image was good.
  void addGood();

  /// One was bad. A file is listed once, for the earliest place that wanted it. Throws Error when more files
  /// than maxBadImages are listed, or when more than maxBadRate of at least 100 images tried were bad.
  void add(int64_t index, BadImage image);

  /// The files by epoch and position.
  std::vector<BadImage> list() const;

  /// In the order in which they were found, without the first `skipped`.
  std::vector<BadImage> listFrom(size_t skipped) const;

 private:
  void judge() const;
  std::string named() const;

  const int64_t maxImages_;
  const double maxRate_;
  mutable std::mutex mutex_;
  int64_t tried_ = 0, failed_ = 0;
  std::map<int64_t, BadImage> images_;  // by data set index
  std::vector<int64_t> found_;          // the indices, in the order of finding
};

}  // namespace cv::mixmim
