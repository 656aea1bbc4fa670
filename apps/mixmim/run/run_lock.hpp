// One run at a time in a run folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cv::mixmim {

/// Throws Error, touching nothing, when a run is going on in the folder.
void refuseSecondRun(const std::string& folder);

/// The lock of a run folder: `.lock` in it, locked with flock and naming its process. It ends with its
/// process, however that ends, so that a lock is never left over; between machines it holds as far as their
/// file system has locks. Threads: one at a time.
class RunLock {
 public:
  /// Takes the lock; makes the folder first if there is none. Throws Error when a run is going on there.
  /// Where the file system has no locks, it warns on stderr and goes on without.
  explicit RunLock(const std::string& folder);
  /// Gives it back. Folders that the constructor has made go again, except where the run has put something
  /// there.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  bool held() const { return descriptor_ >= 0; }

 private:
  void makeFolder();
  bool lock();

  std::filesystem::path folder_, file_;
  std::vector<std::filesystem::path> made_;  // the innermost first
  int descriptor_ = -1;
};

}  // namespace cv::mixmim
