#include "sources/files/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

/// Without O_NONBLOCK, opening a named pipe would wait for a writer.
InputFile::InputFile(std::string path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) fail();
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    const int reason = errno;
    ::close(descriptor_);
    errno = reason;
    if (!known) fail();
    throw Error(path_, "expected a regular file");
  }
  size_ = status.st_size;
  modified_ = status.st_mtim.tv_sec;
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

size_t InputFile::readAt(int64_t offset, void* to, size_t bytes) const {
  size_t filled = 0;
  while (filled < bytes) {
    const ssize_t n = ::pread(descriptor_, static_cast<char*>(to) + filled, bytes - filled,
                              offset + static_cast<int64_t>(filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail();
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  return filled;
}

void InputFile::fail() const {
  throw Error(path_, fmt::format("cannot be read ({})", std::generic_category().message(errno)));
}

void readImage(const InputFile& file, int64_t offset, int64_t size, std::vector<uint8_t>& bytes) {
  constexpr int64_t kLargest = int64_t{1} << 30;
  if (size > kLargest)
    throw Error(placeText(file.path(), offset),
                fmt::format("expected at most {} bytes, got {}", kLargest, size));
  bytes.resize(static_cast<size_t>(size));
  bytes.resize(file.readAt(offset, bytes.data(), bytes.size()));
}

}  // namespace cv::mixmim
