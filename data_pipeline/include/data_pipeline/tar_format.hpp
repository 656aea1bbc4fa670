// The tar archive format, as far as data sets use it: ustar, GNU long names, PAX paths and sizes, hard links.
// Nothing is ever extracted, so paths that point elsewhere are only names.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

constexpr int64_t kTarBlock = 512;
using TarHeader = std::array<uint8_t, kTarBlock>;

/// A regular file in an archive.
struct TarEntry {
  std::string name;
  int64_t offset = 0;  ///< of its first byte in the archive, a multiple of 512
  int64_t size = 0;
};

struct TarListing {
  std::vector<TarEntry> files;
  int64_t symbolicLinks = 0;  ///< left out
  int64_t deadLinks = 0;      ///< hard links to files that are not there before them, left out
  std::string damage;         ///< why the list ends early, or what else is wrong; "" = nothing
  int64_t damageOffset = 0;   ///< where
};

/// Copies up to `bytes` bytes from `offset` and returns how many there were.
using ReadAt = std::function<size_t(int64_t offset, void* to, size_t bytes)>;

/// The regular files of an archive of `size` bytes, in their order, each wholly inside it. A hard link is a
/// file of its own name with the bytes of the file before it that it names. Reads headers only. Damage ends
/// the list: what comes before it is used. Throws Error for a compressed archive, which has no random access.
TarListing listTar(const ReadAt& readAt, int64_t size);

/// What a file is packed with, by its first bytes: "gzip"; nullptr if they are of no such format.
const char* compressionOf(std::string_view beginning);

/// Whether this block can stand before a file of that size: its checksum is right and it names the size (or
/// leaves it to an extended header). Files found by an index are checked with it on every read.
bool isHeaderOf(const TarHeader& header, int64_t size);

/// The bytes before those of a regular file: one header, or, for a name above 100 characters, a PAX header
/// with its path first. The same bytes for the same arguments: no time, no user.
std::string tarHeader(const std::string& name, int64_t size);

/// Bytes that fill up the last block of a file of that size.
int64_t tarPadding(int64_t size);

}  // namespace cv::mixmim
