// Zip files whose members are stored as they are, which is how PyTorch writes them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cv::mixmim {

/// The members of a zip file that may be hostile. The constructor reads the directory (zip64 too) and checks
/// that every member lies within the file, uncompressed, under a name of its own; nothing is copied but the
/// directory, so memory stays proportional to the file. Throws Error naming the file and the member.
class ZipArchive {
 public:
  /// `file` must outlive the object; `where` names it in messages.
  ZipArchive(std::string_view file, std::string where);

  const std::string& firstName() const { return firstName_; }  ///< of the member the directory lists first
  bool has(const std::string& name) const { return members_.count(name) > 0; }
  uint64_t sizeOf(const std::string& name) const;  ///< Error where there is no such member

  /// The content of a member; `read` checks it against its CRC-32.
  std::string_view bytes(const std::string& name) const;
  std::string_view read(const std::string& name) const;

 private:
  struct Member {
    uint64_t begin, size;
    uint32_t crc;
  };
  struct Directory {
    uint64_t begin, size, entries;
  };

  uint64_t number(uint64_t at, unsigned bytes) const;  ///< little-endian; Error outside the file
  std::string_view piece(uint64_t at, uint64_t size) const;
  uint64_t endRecord() const;
  Directory directory() const;
  uint64_t readEntry(uint64_t at, const Directory& directory);
  void readWideFields(std::string_view extra, uint64_t* size, uint64_t* stored, uint64_t* header) const;
  uint64_t contentOf(uint64_t header, const std::string& name) const;
  const Member& member(const std::string& name) const;

  std::string_view file_;
  std::string where_, firstName_;
  std::map<std::string, Member> members_;
};

}  // namespace cv::mixmim
