#pragma once

#include <sys/resource.h>

#include <csignal>

namespace cv::mixmim::test {

/// No file of this process may grow above `bytes`: writing then fails as it does on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : oldHandler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &oldLimit_);
    const rlimit limit{bytes, oldLimit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &oldLimit_);
    std::signal(SIGXFSZ, oldHandler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit oldLimit_{};
  void (*oldHandler_)(int);
};

}  // namespace cv::mixmim::test
