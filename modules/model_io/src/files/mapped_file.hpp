#pragma once

#include <string>
#include <string_view>

namespace cv::mixmim {

/// A file's bytes, mapped read-only while the object lives: large weights can be passed over without reading
/// them. Throws Error when the file cannot be opened or is not a regular file.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace cv::mixmim
