#include "data_pipeline/tar_format.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kLongestName = 64 << 10, kLongestExtension = 1 << 20;

/// Where a field of a header lies.
struct Field {
  size_t offset, length;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUser{108, 8}, kGroup{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 8}, kPrefix{345, 155};

std::string textOf(const TarHeader& header, Field field) {
  const auto* begin = reinterpret_cast<const char*>(header.data()) + field.offset;
  return {begin, std::find(begin, begin + field.length, '\0')};
}

/// Octal digits, or a big-endian number marked by the top bit; none if it is neither or above 2^62.
std::optional<int64_t> numberOf(const TarHeader& header, Field field) {
  constexpr int64_t kLimit = int64_t{1} << 62;
  const uint8_t *at = header.data() + field.offset, *end = at + field.length;
  int64_t value = 0;
  if (*at & 0x80) {
    if (*at != 0x80) return {};  // negative, or above 2^88
    for (++at; at < end; ++at) {
      if (value >= kLimit >> 8) return {};
      value = value << 8 | *at;
    }
    return value;
  }
  while (at < end && *at == ' ') ++at;
  for (; at < end && *at >= '0' && *at <= '7'; ++at)
    value = value << 3 | (*at - '0');  // at most 12 digits: 36 bits
  for (; at < end; ++at)
    if (*at != ' ' && *at != '\0') return {};
  return value;
}

/// The sum of all bytes, those of the checksum taken as blanks; old writers added signed bytes.
bool hasItsChecksum(const TarHeader& header) {
  int64_t plain = 0, withSigns = 0;
  for (size_t i = 0; i < header.size(); ++i) {
    const bool blank = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.length;
    const uint8_t byte = blank ? ' ' : header[i];
    plain += byte;
    withSigns += static_cast<int8_t>(byte);
  }
  const auto written = numberOf(header, kChecksum);
  return written && (*written == plain || *written == withSigns);
}

bool isZero(const TarHeader& header) {
  return std::all_of(header.begin(), header.end(), [](uint8_t byte) { return byte == 0; });
}

std::string nameIn(const TarHeader& header) {
  const std::string name = textOf(header, kName);
  if (std::memcmp(header.data() + kMagic.offset, "ustar", 5) != 0) return name;
  const std::string prefix = textOf(header, kPrefix);
  return prefix.empty() ? name : prefix + "/" + name;
}

/// The fields of an extended header, for the entry after it.
struct Extension {
  std::optional<std::string> name, link;
  std::optional<int64_t> size;
};

/// Records "<length> <key>=<value>\n". False if they are not well formed.
bool parsePax(const std::string& text, Extension& extension) {
  for (size_t at = 0; at < text.size();) {
    size_t length = 0;
    const char *begin = text.data() + at, *end = text.data() + text.size();
    const auto [blank, error] = std::from_chars(begin, end, length);
    if (error != std::errc() || blank == end || *blank != ' ' || length > text.size() - at) return false;
    const auto header = static_cast<size_t>(blank + 1 - begin);
    if (length < header + 2 || text[at + length - 1] != '\n') return false;
    const std::string record = text.substr(at + header, length - header - 1);
    const size_t equals = record.find('=');
    if (equals == std::string::npos) return false;
    const std::string key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") extension.name = value;
    if (key == "linkpath") extension.link = value;
    if (key == "size") {
      int64_t size = -1;
      std::from_chars(value.data(), value.data() + value.size(), size);
      if (size < 0) return false;
      extension.size = size;
    }
    at += length;
  }
  return true;
}

/// "./a" and "a" are one file.
std::string plainName(const std::string& name) {
  return startsWith(name, "./") ? name.substr(2) : name;
}

/// Walks from header to header.
class Lister {
 public:
  Lister(const ReadAt& readAt, int64_t size) : readAt_(readAt), size_(size) {}

  TarListing run() {
    while (listing_.damage.empty() && next()) {
    }
    followLinks();
    return std::move(listing_);
  }

 private:
  bool damaged(const std::string& what) {
    listing_.damage = what;
    listing_.damageOffset = at_;
    return false;
  }

  bool next() {
    TarHeader header;
    const size_t bytes = size_ - at_ > 0 ? readAt_(at_, header.data(), header.size()) : 0;
    if (at_ == 0 && bytes >= 6)
      if (const char* kind = compressionOf({reinterpret_cast<const char*>(header.data()), bytes}))
        throw Error(
            fmt::format("compressed with {}, expected a plain tar; unpack it first: a compressed one has no "
                        "random access",
                        kind));
    if (bytes == 0 && at_ > 0) return damaged("the end marker is missing");
    if (bytes < header.size()) return damaged("the archive ends inside a header");
    if (isZero(header)) return false;
    const auto written = numberOf(header, kSize);
    if (!hasItsChecksum(header) || !written) return damaged("expected a tar header");
    return entry(header, *written);
  }

  bool entry(const TarHeader& header, int64_t written) {
    const char type = static_cast<char>(header[kType.offset]);
    const bool holdsNothing = type >= '1' && type <= '6';  // links, devices, folders
    const bool isFile = type == '0' || type == '\0' || type == '7';
    const int64_t size = holdsNothing ? 0 : isFile && extension_.size ? *extension_.size : written;
    const int64_t data = at_ + kTarBlock;
    if (size > size_ - data) return damaged("the archive ends inside '" + nameIn(header) + "'");
    if (type == 'L' || type == 'K' || type == 'x') {
      if (!extend(type, data, size)) return false;
    } else if (type != 'g') {
      if (isFile) listing_.files.push_back({extension_.name.value_or(nameIn(header)), data, size});
      if (type == '1') addLink(header);
      listing_.symbolicLinks += type == '2';
      extension_ = {};
    }
    at_ = data + size + tarPadding(size);
    return true;
  }

  bool extend(char type, int64_t data, int64_t size) {
    if (size > (type == 'x' ? kLongestExtension : kLongestName))
      return damaged("an extended header is too long");
    std::string text(static_cast<size_t>(size), '\0');
    if (readAt_(data, text.data(), text.size()) != text.size())
      return damaged("the archive ends inside a header");
    if (type == 'L')
      extension_.name = text.substr(0, text.find('\0'));
    else if (type == 'K')
      extension_.link = text.substr(0, text.find('\0'));
    else if (!parsePax(text, extension_))
      return damaged("expected an extended header");
    return true;
  }

  void addLink(const TarHeader& header) {
    links_.push_back({listing_.files.size(), extension_.link.value_or(textOf(header, kLink))});
    listing_.files.push_back({extension_.name.value_or(nameIn(header)), kNowhere, 0});
  }

  /// Links name files before them, among them links that have been followed already.
  void followLinks() {
    if (links_.empty()) return;
    std::unordered_map<std::string, size_t> places;
    auto link = links_.begin();
    for (size_t i = 0; i < listing_.files.size(); ++i) {
      TarEntry& file = listing_.files[i];
      if (link != links_.end() && link->place == i) {
        const auto target = places.find(plainName((link++)->target));
        if (target == places.end()) continue;
        file.offset = listing_.files[target->second].offset;
        file.size = listing_.files[target->second].size;
      }
      places[plainName(file.name)] = i;
    }
    auto& files = listing_.files;
    const auto dead = std::remove_if(files.begin(), files.end(),
                                     [](const TarEntry& file) { return file.offset == kNowhere; });
    listing_.deadLinks = files.end() - dead;
    files.erase(dead, files.end());
  }

  /// A hard link, and where it stands among the files.
  struct Link {
    size_t place;
    std::string target;
  };
  static constexpr int64_t kNowhere = -1;

  const ReadAt& readAt_;
  const int64_t size_;
  int64_t at_ = 0;
  std::vector<Link> links_;
  Extension extension_;
  TarListing listing_;
};

void put(TarHeader& header, Field field, const std::string& text) {
  std::copy_n(text.begin(), std::min(text.size(), field.length),
              header.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

std::string block(const std::string& name, char type, int64_t size) {
  TarHeader header{};
  put(header, kName, name);
  put(header, kMode, "0000644");
  put(header, kUser, "0000000");
  put(header, kGroup, "0000000");
  put(header, kSize, fmt::format("{:011o}", size));
  put(header, kTime, "00000000000");
  put(header, kType, std::string(1, type));
  put(header, kMagic, std::string("ustar\00000", 8));
  put(header, kChecksum, std::string(kChecksum.length, ' '));
  int64_t sum = 0;
  for (const uint8_t byte : header) sum += byte;
  put(header, kChecksum, fmt::format("{:06o}", sum) + '\0');
  return {header.begin(), header.end()};
}

/// The length of a record counts its own digits.
std::string paxRecord(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length)
    length = std::to_string(length).size() + rest.size();
  return std::to_string(length) + rest;
}

}  // namespace

TarListing listTar(const ReadAt& readAt, int64_t size) {
  return Lister(readAt, size).run();
}

const char* compressionOf(std::string_view beginning) {
  using namespace std::string_view_literals;  // some of the beginnings hold zeros
  constexpr std::pair<const char*, std::string_view> kKinds[] = {{"gzip", "\x1f\x8b"sv},
                                                                 {"bzip2", "BZh"sv},
                                                                 {"xz",
                                                                  "\xfd"
                                                                  "7zXZ\0"sv},
                                                                 {"zstd", "\x28\xb5\x2f\xfd"sv},
                                                                 {"zip", "PK\3\4"sv},
                                                                 {"7z", "7z\xbc\xaf"sv},
                                                                 {"rar", "Rar!\x1a"sv}};
  for (const auto& [name, magic] : kKinds)
    if (startsWith(beginning, magic)) return name;
  return nullptr;
}

bool isHeaderOf(const TarHeader& header, int64_t size) {
  constexpr int64_t kLargestOctal = int64_t{1} << 33;
  const auto written = numberOf(header, kSize);
  return written && hasItsChecksum(header) && (*written == size || size >= kLargestOctal);
}

std::string tarHeader(const std::string& name, int64_t size) {
  if (name.size() <= kName.length) return block(name, '0', size);
  std::string path = paxRecord("path", name);
  const auto length = static_cast<int64_t>(path.size());
  path.append(static_cast<size_t>(tarPadding(length)), '\0');
  return block("PaxHeader", 'x', length) + path + block(name, '0', size);
}

int64_t tarPadding(int64_t size) {
  return (kTarBlock - size % kTarBlock) % kTarBlock;
}

}  // namespace cv::mixmim
