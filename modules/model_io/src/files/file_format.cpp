#include "model_io/files/file_format.hpp"

#include <filesystem>
#include <fstream>

#include "files/safetensors_header.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

using namespace std::string_view_literals;
namespace fs = std::filesystem;

constexpr std::string_view kZip = "PK\x03\x04"sv, kPickle = "\x80"sv;
constexpr size_t kStartBytes = 4096, kLengthBytes = 8;

/// A beginning that tells a format, and the sentence about it.
struct Sign {
  std::string_view start;
  const char* sentence;
};

constexpr Sign kSigns[] = {{"version https://git-lfs"sv,
                            "is a pointer of Git LFS, which stands for the file; `git lfs pull` fetches it"},
                           {"<"sv, "is a web page or XML, which may have come instead of the file"},
                           {"\x1f\x8b"sv, "is compressed with gzip, which must be undone first"},
                           {"\x28\xb5\x2f\xfd"sv, "is compressed with zstd, which must be undone first"},
                           {"\xfd\x37zXZ"sv, "is compressed with xz, which must be undone first"},
                           {"\x89HDF"sv, "is an HDF5 file (Keras), which is not read"},
                           {"GGUF"sv, "is a GGUF file, which is not read"}};

std::string startOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string start(kStartBytes, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(file.gcount()));
  return start;
}

/// Eight bytes of length, then JSON.
bool isSafetensors(std::string_view start) {
  if (start.size() <= kLengthBytes || start[kLengthBytes] != '{') return false;
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(start[i]);
  return length <= kLargestHeader;
}

/// The first field of a model is its version, a number of one byte.
bool isOnnx(std::string_view start) {
  constexpr char kVersionTag = 0x08;
  constexpr unsigned char kOneByte = 0x80;
  return start.size() > 1 && start[0] == kVersionTag && static_cast<unsigned char>(start[1]) < kOneByte;
}

bool isShardIndex(std::string_view start) {
  return startsWith(start, "{") && start.find("\"weight_map\"") != std::string_view::npos;
}

bool isTar(std::string_view start) {
  constexpr size_t kMagicAt = 257;
  return start.size() > kMagicAt && startsWith(start.substr(kMagicAt), "ustar");
}

}  // namespace

FileFormat formatOfBytes(std::string_view start) {
  if (isSafetensors(start)) return FileFormat::kSafetensors;  // first, because its length may be any byte
  if (startsWith(start, kZip) || startsWith(start, kPickle)) return FileFormat::kPth;
  if (isOnnx(start)) return FileFormat::kOnnx;
  return isShardIndex(start) ? FileFormat::kShardIndex : FileFormat::kOther;
}

FileFormat formatOf(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at is not there
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) return FileFormat::kFolder;
  return fs::is_regular_file(status) ? formatOfBytes(startOf(path)) : FileFormat::kMissing;
}

std::string looksLike(const std::string& path) {
  const std::string start = startOf(path);
  if (start.empty()) return "is empty";
  if (isTar(start)) return "is a tar archive, which must be unpacked first";
  for (const Sign& sign : kSigns)
    if (startsWith(start, sign.start)) return sign.sentence;
  return "";
}

}  // namespace cv::mixmim
