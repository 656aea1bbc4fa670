#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cv::mixmim {

/// A regular file open for reading. Anything else, a named pipe for example, is refused without waiting for
/// it. Errors: Error with the path and the system's reason. Threads: readAt() from any thread.
class InputFile {
 public:
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }
  int64_t modified() const { return modified_; }  ///< seconds since 1970

  /// Up to `bytes` bytes from `offset`; fewer at the end of the file. Returns how many.
  size_t readAt(int64_t offset, void* to, size_t bytes) const;

 private:
  [[noreturn]] void fail() const;

  std::string path_;
  int descriptor_;
  int64_t size_ = 0, modified_ = 0;
};

/// The encoded image of `size` bytes at `offset`, into `bytes` (its capacity is reused); shorter if the file
/// has become so, which the decoder will say. Throws Error above 1 GiB, before anything is allocated.
void readImage(const InputFile& file, int64_t offset, int64_t size, std::vector<uint8_t>& bytes);

}  // namespace cv::mixmim
