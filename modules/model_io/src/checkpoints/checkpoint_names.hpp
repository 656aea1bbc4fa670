// Names in the checkpoints/ folder of a run. Folders that are not checkpoints yet, or no longer, begin with a
// dot and stand beside the checkpoint.
#pragma once

#include <filesystem>
#include <string>

namespace cv::mixmim {

inline constexpr const char *kCheckpoints = "checkpoints", *kLast = "last", *kBest = "best";
inline constexpr const char* kUnfinished = ".new";  ///< being written
inline constexpr const char* kReplaced = ".old";  ///< the old one of that name, until the new one is in place
inline constexpr const char* kRemoved = ".removed";  ///< being deleted

/// The path without a slash at its end, so that it has a file name.
inline std::filesystem::path withoutSlash(const std::filesystem::path& path) {
  const std::filesystem::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

/// True for the paths checkpoints/last and checkpoints/best, whatever stands there.
inline bool isLastOrBest(const std::filesystem::path& path) {
  const std::filesystem::path name = withoutSlash(path);
  return name.parent_path().filename() == kCheckpoints &&
         (name.filename() == kLast || name.filename() == kBest);
}

/// "<parent>/.<name><ending>"
inline std::filesystem::path hiddenName(const std::filesystem::path& checkpoint, const char* ending) {
  return checkpoint.parent_path() / ("." + checkpoint.filename().string() + ending);
}

}  // namespace cv::mixmim
