#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model_io/files/atomic_file.hpp"

namespace cv::mixmim {

/// Writes a zip archive of stored members, each beginning at a multiple of 64 bytes so that it can be used
/// where it is mapped. With zip64 records where offsets need them.
class ZipWriter {
 public:
  explicit ZipWriter(const std::string& path) : file_(path) {}

  /// Less than 4 GiB; names must differ.
  void add(const std::string& name, std::string_view content);
  /// Writes the directory and puts the file in place.
  void commit();

 private:
  struct Entry {
    std::string name;
    uint64_t size, header;
    uint32_t crc;
  };

  AtomicFile file_;
  std::vector<Entry> entries_;
};

}  // namespace cv::mixmim
