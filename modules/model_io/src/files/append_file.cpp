#include "model_io/files/append_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

AppendFile::AppendFile(std::string path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw Error(path_, "cannot be opened: " + std::system_category().message(errno));
}

AppendFile::~AppendFile() {
  ::close(descriptor_);
}

void AppendFile::append(std::string_view piece) {
  struct stat before {};
  ::fstat(descriptor_, &before);
  while (!piece.empty()) {
    const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const std::string reason = std::system_category().message(errno);
      const bool takenBack = !S_ISREG(before.st_mode) || ::ftruncate(descriptor_, before.st_size) == 0;
      throw Error(path_, "cannot be written: " + reason, takenBack ? "" : "its end is now damaged");
    }
    piece.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace cv::mixmim
