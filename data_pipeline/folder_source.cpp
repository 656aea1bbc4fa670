#include "data_pipeline/folder_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <system_error>

#include <fmt/format.h>

#include "data_pipeline/folder_listing.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kLargestFile = int64_t{1} << 30;

[[noreturn]] void failRead(const std::string& path) {
  throw Error(path, fmt::format("cannot be read ({})", std::generic_category().message(errno)));
}

/// A file descriptor that closes itself.
class OpenFile {
 public:
  /// Without O_NONBLOCK, opening a named pipe would wait for a writer.
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) failRead(path);
  }
  ~OpenFile() { ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

int64_t checkedSize(const OpenFile& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) failRead(path);
  if (!S_ISREG(status.st_mode)) throw Error(path, "expected a regular file");
  if (status.st_size > kLargestFile)
    throw Error(path, fmt::format("expected at most {} bytes, got {}", kLargestFile, status.st_size));
  return status.st_size;
}

/// FNV-1a over 64 bits: tells data sets apart, no defence against forgery.
class Fingerprint {
 public:
  void add(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (size_t i = 0; i < size; ++i) hash_ = (hash_ ^ bytes[i]) * 0x100000001b3u;
  }
  std::string text() const { return fmt::format("{:016x}", hash_); }

 private:
  uint64_t hash_ = 0xcbf29ce484222325u;
};

class FolderSource final : public Source {
 public:
  FolderSource(const std::string& root, int imagesPerClass) : root_(root), classes_(foldersIn(root)) {
    if (classes_.empty()) {
      add(imagesIn(root, false), "", -1, imagesPerClass);
      if (size() == 0)
        throw Error(root, "holds no image, expected class folders or files like .jpg and .png");
    }
    for (size_t label = 0; label < classes_.size(); ++label) {
      const int64_t before = size();
      const std::string& name = classes_[label];
      add(imagesIn(root + "/" + name, true), name + "/", static_cast<int>(label), imagesPerClass);
      if (size() == before)
        throw Error(root + "/" + name, "class without images", "remove the folder or put images into it");
    }
  }

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  int label(int64_t index) const override { return labels_.at(static_cast<size_t>(index)); }
  std::string path(int64_t index) const override { return root_ + "/" + relative(index); }
  const std::vector<std::string>& labels() const override { return classes_; }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const std::string path = this->path(index);
    const OpenFile file(path);
    bytes.resize(static_cast<size_t>(checkedSize(file, path)));
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t n = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) failRead(path);
      if (n == 0) break;  // the file has become shorter; the decoder says what that means
      filled += static_cast<size_t>(n);
    }
    bytes.resize(filled);
  }

  /// Asks the size of every file, once, on the first call.
  std::string fingerprint() const override {
    std::call_once(fingerprinted_, [this] { fingerprint_ = computeFingerprint(); });
    return fingerprint_;
  }

 private:
  void add(const std::vector<std::string>& images, const std::string& prefix, int label, int limit) {
    const size_t count = limit > 0 ? std::min(images.size(), static_cast<size_t>(limit)) : images.size();
    for (size_t i = 0; i < count; ++i) {
      names_ += prefix + images[i];
      ends_.push_back(names_.size());
      labels_.push_back(label);
    }
  }

  std::string relative(int64_t index) const {
    const size_t i = static_cast<size_t>(index), end = ends_.at(i), begin = i == 0 ? 0 : ends_[i - 1];
    return names_.substr(begin, end - begin);
  }

  std::string computeFingerprint() const {
    Fingerprint fingerprint;
    for (int64_t i = 0; i < size(); ++i) {
      const std::string name = relative(i);
      std::error_code unreadable;  // such a file gets the size -1
      const auto bytes = static_cast<int64_t>(std::filesystem::file_size(root_ + "/" + name, unreadable));
      const int32_t label = labels_[static_cast<size_t>(i)];
      fingerprint.add(name.c_str(), name.size() + 1);
      fingerprint.add(&bytes, sizeof bytes);
      fingerprint.add(&label, sizeof label);
    }
    return fingerprint.text();
  }

  std::string root_;
  std::vector<std::string> classes_;
  std::string
      names_;  // all relative paths, one after the other: a million strings would cost three times as much
  std::vector<size_t> ends_;  // end of each path in names_
  std::vector<int32_t> labels_;
  mutable std::once_flag fingerprinted_;
  mutable std::string fingerprint_;
};

}  // namespace

std::shared_ptr<const Source> openFolder(const std::string& root, int imagesPerClass) {
  const size_t last = root.find_last_not_of('/');  // "data/" is "data", in messages too
  const std::string folder = last == std::string::npos ? root : root.substr(0, last + 1);
  return std::make_shared<FolderSource>(folder, imagesPerClass);
}

}  // namespace cv::mixmim
