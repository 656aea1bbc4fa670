// bad_images.jsonl while a run goes on: an image that could not be used is on the disk as soon as it is
// known.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data_pipeline/bad_images.hpp"
#include "opencv2/mixmim/train/world.hpp"
#include "run/run_folder.hpp"

namespace cv::mixmim {

/// Threads: one at a time.
class BadImageLog {
 public:
  /// The images this process has found, in the order of finding, without the first `skipped`.
  using Found = std::function<std::vector<BadImage>(size_t skipped)>;

  /// Begins with the images that the folder names already, because a resumed run does not find all of them
  /// again. Folder and world must outlive this object.
  BadImageLog(RunFolder& folder, World& world, Found found);

  /// Appends what one process alone has found since the last call. One of several does nothing, except with
  /// `together`, when all of them call it. Returns a sentence about the first image of a run, else "".
  std::string update(bool together);

  /// Writes the list anew, in the order in which the images were wanted. Without `together`, what other
  /// processes have found since the last update is left out.
  void finish(bool together);

  int64_t count() const { return static_cast<int64_t>(images_.size()); }  ///< over the whole run

 private:
  bool add(const BadImage& image);
  std::vector<std::string> exchanged(const std::vector<BadImage>& own, bool together);

  RunFolder& folder_;
  World& world_;
  Found found_;
  size_t taken_ = 0;                                            // of what was found
  std::map<std::pair<std::string, int64_t>, BadImage> images_;  // by path and offset
};

}  // namespace cv::mixmim
