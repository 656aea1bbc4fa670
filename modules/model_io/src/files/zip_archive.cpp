#include "files/zip_archive.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "files/text.hpp"
#include "files/zip_format.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

using namespace zip;

ZipArchive::ZipArchive(std::string_view file, std::string where) : file_(file), where_(std::move(where)) {
  const Directory directory = this->directory();
  uint64_t at = directory.begin;
  for (uint64_t i = 0; i < directory.entries; ++i) at = readEntry(at, directory);
  if (at != directory.begin + directory.size)
    throw Error(where_, fmt::format("expected a zip directory of {} bytes, got {}", directory.size,
                                    at - directory.begin));
}

uint64_t ZipArchive::number(uint64_t at, unsigned bytes) const {
  uint64_t value = 0;
  const std::string_view digits = piece(at, bytes);
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
  return value;
}

std::string_view ZipArchive::piece(uint64_t at, uint64_t size) const {
  if (at > file_.size() || size > file_.size() - at)
    throw Error(where_, fmt::format("expected {} bytes at {}, got a file of {}", size, at, file_.size()),
                "the file is cut off or damaged");
  return file_.substr(at, size);
}

/// Where the last record begins: it is searched from the end, because a comment of any content may follow it.
uint64_t ZipArchive::endRecord() const {
  constexpr uint64_t kLongestComment = 65535;
  if (file_.size() >= kEndBytes) {
    const uint64_t last = file_.size() - kEndBytes, first = last - std::min(last, kLongestComment);
    for (uint64_t at = last + 1; at-- > first;)
      if (number(at, 4) == kEnd && at + kEndBytes + number(at + 20, 2) == file_.size()) return at;
  }
  throw Error(where_, "expected a zip archive, got a file without the directory at its end",
              "the file is cut off or damaged");
}

ZipArchive::Directory ZipArchive::directory() const {
  const uint64_t end = endRecord();
  Directory directory{number(end + 16, 4), number(end + 12, 4), number(end + 10, 2)};
  uint64_t limit = end;
  if (end >= kWideLocatorBytes && number(end - kWideLocatorBytes, 4) == kWideLocator) {
    limit = number(end - kWideLocatorBytes + 8, 8);
    if (limit > end || number(limit, 4) != kWideEnd)
      throw Error(where_, "the zip64 record is not where the file says", "the file is damaged");
    directory = {number(limit + 48, 8), number(limit + 40, 8), number(limit + 32, 8)};
  }
  const bool inside = directory.begin <= limit && directory.size <= limit - directory.begin;
  if (!inside || directory.entries == 0 || directory.entries > directory.size / kEntryBytes)
    throw Error(where_,
                fmt::format("expected a zip directory within {} bytes, got {} entries in {} bytes at {}",
                            limit, directory.entries, directory.size, directory.begin),
                "the file is damaged");
  return directory;
}

/// 64-bit numbers stand in an extra field, in this order, where the usual fields have no room for them.
void ZipArchive::readWideFields(std::string_view extra, uint64_t* size, uint64_t* stored,
                                uint64_t* header) const {
  const auto little = [&](size_t at, size_t bytes) {
    return number(static_cast<uint64_t>(extra.data() - file_.data()) + at, static_cast<unsigned>(bytes));
  };
  for (size_t at = 0; at + 4 <= extra.size();) {
    const size_t length = little(at + 2, 2), end = at + 4 + length;
    if (end > extra.size()) break;
    if (little(at, 2) == kWideExtra) {
      size_t next = at + 4;
      for (uint64_t* field : {size, stored, header}) {
        if (*field != kNarrow32 || next + 8 > end) continue;
        *field = little(next, 8);
        next += 8;
      }
    }
    at = end;
  }
}

/// Reads the directory's entry at `at`; returns where the next one begins.
uint64_t ZipArchive::readEntry(uint64_t at, const Directory& directory) {
  if (number(at, 4) != kEntry)
    throw Error(where_, fmt::format("expected an entry of the zip directory at byte {}, got none", at),
                "the file is damaged");
  const uint64_t nameBytes = number(at + 28, 2), extraBytes = number(at + 30, 2);
  const std::string name(piece(at + kEntryBytes, nameBytes));
  const std::string_view extra = piece(at + kEntryBytes + nameBytes, extraBytes);
  const auto fail = [&](const std::string& what, const char* hint) {
    throw Error(fmt::format("{}: member {}", where_, inQuotes(name)), what, hint);
  };
  uint64_t size = number(at + 24, 4), stored = number(at + 20, 4), header = number(at + 42, 4);
  readWideFields(extra, &size, &stored, &header);
  constexpr uint64_t kEncrypted = 1;
  if (number(at + 10, 2) != 0 || size != stored || (number(at + 8, 2) & kEncrypted))
    fail("is compressed or encrypted, expected it stored as it is", "torch.save never compresses");
  const uint64_t begin = contentOf(header, name);
  if (begin > directory.begin || size > directory.begin - begin)
    fail(fmt::format("expected {} bytes at {}, got {}", size, begin,
                     directory.begin - std::min(begin, directory.begin)),
         "the file is cut off or damaged");
  if (members_.empty()) firstName_ = name;
  if (!members_.emplace(name, Member{begin, size, static_cast<uint32_t>(number(at + 16, 4))}).second)
    fail("is there twice", "the file is damaged");
  return at + kEntryBytes + nameBytes + extraBytes + number(at + 32, 2);
}

/// Where the content begins, behind the member's own header.
uint64_t ZipArchive::contentOf(uint64_t header, const std::string& name) const {
  const std::string_view fields = piece(header, kLocalBytes);
  const uint64_t nameBytes = number(header + 26, 2), extraBytes = number(header + 28, 2);
  if (number(header, 4) != kLocal || piece(header + fields.size(), nameBytes) != name)
    throw Error(fmt::format("{}: member {}", where_, inQuotes(name)), "is not where the directory says",
                "the file is damaged");
  return header + kLocalBytes + nameBytes + extraBytes;
}

const ZipArchive::Member& ZipArchive::member(const std::string& name) const {
  const auto found = members_.find(name);
  if (found == members_.end())
    throw Error(where_, fmt::format("expected a member {}, got none", inQuotes(name)));
  return found->second;
}

uint64_t ZipArchive::sizeOf(const std::string& name) const {
  return member(name).size;
}

std::string_view ZipArchive::bytes(const std::string& name) const {
  const Member& found = member(name);
  return file_.substr(found.begin, found.size);
}

std::string_view ZipArchive::read(const std::string& name) const {
  const std::string_view content = bytes(name);
  if (crcOf(content) != member(name).crc)
    throw Error(fmt::format("{}: member {}", where_, inQuotes(name)),
                "is damaged: its content does not match its CRC-32");
  return content;
}

}  // namespace cv::mixmim
