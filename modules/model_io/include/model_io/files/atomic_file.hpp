// Writing a file so that its name never stands for half of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cv::mixmim {

/// A file that appears under its name, complete and on the disk, at commit() and not before. Until then the
/// bytes go to a hidden file beside it (".<name>.<number>.tmp"), which the destructor removes if commit() was
/// not reached; a file of that name stays as it was. A crash can leave a hidden file behind, never a damaged
/// visible one.
///
///   AtomicFile file("model.onnx");
///   file.write(bytes.data(), bytes.size());
///   file.commit();
///
/// Errors: Error naming `path` and the system's reason (no space left, no permission, not a regular file).
/// Threads: one per object; two objects of the same path do not disturb each other, the later commit wins.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t size);  ///< appends; unbuffered, so hand over large pieces
  void write(std::string_view text) { write(text.data(), text.size()); }
  int64_t size() const { return size_; }  ///< bytes written so far

  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_, temporary_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

/// Makes renames, new and removed names in `folder` survive a power failure.
void syncFolder(const std::string& folder);

}  // namespace cv::mixmim
