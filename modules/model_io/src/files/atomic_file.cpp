#include "model_io/files/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

std::string reason() {
  return std::system_category().message(errno);
}

std::string folderOf(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  // Renaming would put an ordinary file in the place of a device or a folder.
  if (fs::exists(path_, ignored) && !fs::is_regular_file(path_, ignored))
    throw Error(path_, "cannot be written, expected a regular file or a free name");
  const std::string name = fs::path(path_).filename().string();
  for (int number = 0; descriptor_ < 0; ++number) {
    temporary_ = fmt::format("{}/.{}.{}.tmp", folderOf(path_), name, number);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) fail("cannot be created");
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    bytes += written;
    size -= static_cast<size_t>(written);
    size_ += written;
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot be written");
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("cannot be written");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be replaced");
  temporary_.clear();
  syncFolder(folderOf(path_));
}

void AtomicFile::fail(const char* what) const {
  throw Error(path_, fmt::format("{}: {}", what, reason()));
}

void syncFolder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw Error(folder, "cannot be opened: " + reason());
  // Some network file systems cannot sync a folder and say so with EINVAL: nothing to wait for there.
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;
  const std::string why = synced ? "" : reason();
  ::close(descriptor);
  if (!synced) throw Error(folder, "cannot be written: " + why);
}

}  // namespace cv::mixmim
