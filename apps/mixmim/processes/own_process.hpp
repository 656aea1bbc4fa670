// This program started a second time, as a process that answers a request.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cv::mixmim {

/// The file descriptor that such a process writes its answer to. All that it prints goes to standard error,
/// because standard output is for the results of this process.
inline constexpr int kAnswerDescriptor = 3;

/// Started anew and not forked, because a fork has none of this process's threads and all of their locks.
/// Threads: one at a time. Errors: Error where the system cannot start it.
class OwnProcess {
 public:
  /// Runs this program with `arguments`; its standard input is what write() sends.
  explicit OwnProcess(const std::vector<std::string>& arguments);
  ~OwnProcess();  ///< kills it, unless finish() was called
  OwnProcess(const OwnProcess&) = delete;
  OwnProcess& operator=(const OwnProcess&) = delete;

  /// Sends bytes. False when the process reads no more, which finish() explains; SIGPIPE must be ignored.
  bool write(const void* data, size_t size);

  struct End {
    std::string answer;
    std::string trouble;  ///< "" for exit code 0, else how it ended: "was killed by signal 9 (Killed)"
  };
  /// Closes its standard input and waits for its end.
  End finish();

 private:
  int id_ = -1;
  int request_ = -1, answer_ = -1;  // our ends of two pipes
};

/// Writes all bytes. False when the reader is gone.
bool writeAll(int descriptor, const void* data, size_t size);
/// Reads `size` bytes. False when the input ends before.
bool readAll(int descriptor, void* data, size_t size);

}  // namespace cv::mixmim
