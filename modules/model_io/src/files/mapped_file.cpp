#include "files/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

MappedFile::MappedFile(const std::string& path) {
  const auto fail = [&](int descriptor) {
    const std::string reason = std::system_category().message(errno);
    if (descriptor >= 0) ::close(descriptor);
    throw Error(path, fmt::format("cannot be read: {}", reason));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(descriptor);
  if (!S_ISREG(status.st_mode)) {
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    fail(descriptor);
  }
  size_ = static_cast<size_t>(status.st_size);
  if (size_ > 0) {  // an empty mapping is an error to mmap, an empty file is none to us
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data_ == MAP_FAILED) fail(descriptor);
  }
  ::close(descriptor);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(data_, size_);
}

}  // namespace cv::mixmim
