// bad_images.jsonl of a run folder: the files that could not be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace cv::mixmim::report {

struct BadFile {
  std::string place, reason;
};

struct BadFiles {
  static constexpr size_t kShown = 200;

  std::vector<BadFile> first;  ///< kShown at most
  int64_t count = 0;           ///< all of them
  int64_t damaged = 0;         ///< lines that are no description of a file, not counted above
};

BadFiles readBadFiles(std::istream& file);

}  // namespace cv::mixmim::report
