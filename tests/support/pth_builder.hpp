// Zip archives and pickles put together by hand, so that every field can be wrong.
#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cv::mixmim::test {

/// A number as little-endian bytes.
inline std::string bytesOfNumber(uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value & 0xff);
  return text;
}

/// A member, and what its directory entry says of it.
struct ZipMember {
  std::string name, content;
  uint64_t method = 0, flags = 0;
  int64_t sizeLie = 0;  ///< added to the size
  uint32_t crcLie = 0;  ///< xor of the CRC-32
  bool wide = false;    ///< sizes and place in a zip64 field
};

/// An archive of stored members; `wide`: with a zip64 end record.
inline std::string zipOf(const std::vector<ZipMember>& members, bool wide = false) {
  std::string file, directory;
  for (const ZipMember& member : members) {
    boost::crc_32_type crc;
    crc.process_bytes(member.content.data(), member.content.size());
    const uint64_t size = member.content.size() + static_cast<uint64_t>(member.sizeLie), header = file.size();
    const std::string extra = member.wide
                                  ? bytesOfNumber(1, 2) + bytesOfNumber(24, 2) + bytesOfNumber(size, 8) +
                                        bytesOfNumber(size, 8) + bytesOfNumber(header, 8)
                                  : "";
    const uint64_t shownSize = member.wide ? 0xffffffff : size,
                   shownHeader = member.wide ? 0xffffffff : header;
    const auto facts = [&](uint64_t shown) {
      return bytesOfNumber(member.flags, 2) + bytesOfNumber(member.method, 2) + bytesOfNumber(0, 4) +
             bytesOfNumber(crc.checksum() ^ member.crcLie, 4) + bytesOfNumber(shown, 4) +
             bytesOfNumber(shown, 4) + bytesOfNumber(member.name.size(), 2);
    };
    directory += "PK\x01\x02" + bytesOfNumber(0, 2) + bytesOfNumber(0, 2) + facts(shownSize) +
                 bytesOfNumber(extra.size(), 2) + bytesOfNumber(0, 10) + bytesOfNumber(shownHeader, 4) +
                 member.name + extra;
    file += "PK\x03\x04" + bytesOfNumber(0, 2) + facts(member.content.size()) + bytesOfNumber(0, 2) +
            member.name + member.content;
  }
  const uint64_t begin = file.size(), count = members.size();
  file += directory;
  if (wide) {
    const uint64_t end = file.size();
    file += "PK\x06\x06" + bytesOfNumber(44, 8) + bytesOfNumber(0, 12) + bytesOfNumber(count, 8) +
            bytesOfNumber(count, 8) + bytesOfNumber(directory.size(), 8) + bytesOfNumber(begin, 8);
    file += "PK\x06\x07" + bytesOfNumber(0, 4) + bytesOfNumber(end, 8) + bytesOfNumber(1, 4);
  }
  const uint64_t shown = wide ? 0xffff : count;
  return file + "PK\x05\x06" + bytesOfNumber(0, 4) + bytesOfNumber(shown, 2) + bytesOfNumber(shown, 2) +
         bytesOfNumber(wide ? 0xffffffff : directory.size(), 4) +
         bytesOfNumber(wide ? 0xffffffff : begin, 4) + bytesOfNumber(0, 2);
}

/// A .pth file of this pickle and storage "0".
inline std::string pthOf(const std::string& pickle, const std::string& storage = "") {
  std::vector<ZipMember> members{{"archive/data.pkl", pickle}};
  if (!storage.empty()) members.push_back({"archive/data/0", storage});
  return zipOf(members);
}

/// A file of the same pickle in the format before PyTorch 1.6, with its storages of float32 by key.
inline std::string legacyOf(std::string pickle,
                            const std::vector<std::pair<std::string, std::string>>& storages = {}) {
  using namespace std::string_literals;
  for (size_t at = 0; (at = pickle.find("tQ", at)) != std::string::npos; at += 3) pickle.insert(at, "N");
  std::string file = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03."s +
                     "\x80\x02}X\x0d\0\0\0little_endian\x88s."s + pickle + "\x80\x02](";
  for (const auto& storage : storages) file += "X" + bytesOfNumber(storage.first.size(), 4) + storage.first;
  file += "e.";
  for (const auto& storage : storages) file += bytesOfNumber(storage.second.size() / 4, 8) + storage.second;
  return file;
}

/// Opcodes of a pickle; the letters are Python's.
struct Pickle {
  std::string text = "\x80\x02";

  Pickle& op(std::string_view opcodes) { return text += opcodes, *this; }
  Pickle& global(const std::string& module, const std::string& name) {
    return op("c" + module + "\n" + name + "\n");
  }
  Pickle& word(const std::string& value) { return op("X" + bytesOfNumber(value.size(), 4) + value); }
  Pickle& number(int64_t value) { return op("\x8a\x08" + bytesOfNumber(static_cast<uint64_t>(value), 8)); }
  Pickle& numbers(const std::vector<int64_t>& values) {
    op("(");
    for (const int64_t value : values) number(value);
    return op("t");
  }
  /// A FloatStorage under key "0".
  Pickle& storage(int64_t elements, const std::string& type = "FloatStorage") {
    return op("(").word("storage").global("torch", type).word("0").word("cpu").number(elements).op("tQ");
  }
  Pickle& tensor(int64_t elements, int64_t offset, const std::vector<int64_t>& shape,
                 const std::vector<int64_t>& strides) {
    global("torch._utils", "_rebuild_tensor_v2").op("(").storage(elements).number(offset);
    return numbers(shape).numbers(strides).op("\x89}tR");
  }
  std::string end() const { return text + "."; }
};

}  // namespace cv::mixmim::test
