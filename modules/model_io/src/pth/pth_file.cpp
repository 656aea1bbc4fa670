#include <cstring>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "files/mapped_file.hpp"
#include "files/zip_archive.hpp"
#include "model_io/pth/pth.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "pth/legacy_pth.hpp"
#include "pth/unpickler.hpp"

namespace cv::mixmim {

namespace {

constexpr uint64_t kLargestPickle = 64 << 20;
/// Tensors may share storages (tied weights); together they may take so many times the file's size.
constexpr uint64_t kMostSharing = 4;

/// Copies the dimensions from `dimension` on, in the order of the shape.
char* copyView(const PthTensor& tensor, size_t dimension, const char* from, char* to, size_t itemBytes) {
  if (dimension == tensor.shape.size()) {
    std::memcpy(to, from, itemBytes);
    return to + itemBytes;
  }
  const bool solid = dimension + 1 == tensor.shape.size() && tensor.strides[dimension] == 1;
  const auto side = static_cast<size_t>(tensor.shape[dimension]);
  if (solid) {
    std::memcpy(to, from, side * itemBytes);
    return to + side * itemBytes;
  }
  const size_t step = static_cast<size_t>(tensor.strides[dimension]) * itemBytes;
  for (size_t i = 0; i < side; ++i) to = copyView(tensor, dimension + 1, from + i * step, to, itemBytes);
  return to;
}

}  // namespace

struct PthFile::Content {
  std::unique_ptr<MappedFile> map;
  std::string where;
  std::optional<ZipArchive> archive;  ///< none: the legacy format
  LegacyPth legacy;
  std::string folder;  ///< of all members, with its slash
  PthArena arena;
  PthValue root = nullptr;
  std::vector<std::string> passedOver;
  std::set<std::string> intact;  ///< members whose CRC-32 was right; a storage may have many tensors

  void read(std::string_view bytes) {
    if (isLegacyPth(bytes)) {
      legacy = readLegacyPth(bytes, where, kMostSharing * bytes.size(), arena);
      root = legacy.root;
      passedOver = legacy.passedOver;
      return;
    }
    if (!startsWith(bytes, "PK")) throw Error(where, "is not a PyTorch file, expected a zip archive");
    archive.emplace(bytes, where);
    folder = archive->firstName().substr(0, archive->firstName().find('/') + 1);
    const std::string order = folder + "byteorder";
    if (archive->has(order) && archive->read(order) != "little")
      throw Error(where, "holds big-endian numbers, expected little-endian ones");
    const std::string name = folder + "data.pkl";
    if (archive->sizeOf(name) > kLargestPickle)
      throw Error(where, fmt::format("a pickle of {} bytes, expected at most {}", archive->sizeOf(name),
                                     kLargestPickle));
    const auto storageBytes = [&](std::string_view key, uint64_t) { return archive->sizeOf(memberOf(key)); };
    Unpickler unpickler(archive->read(name), where + ": data.pkl", storageBytes, kMostSharing * bytes.size(),
                        arena);
    root = unpickler.run();
    passedOver.assign(unpickler.passedOver().begin(), unpickler.passedOver().end());
  }

  std::string memberOf(std::string_view key) const { return fmt::format("{}data/{}", folder, key); }

  std::string_view storage(std::string_view key) {
    if (!archive) return legacy.storages.find(key)->second;
    const std::string name = memberOf(key);
    if (intact.count(name) == 0) archive->read(name);
    intact.insert(name);
    return archive->bytes(name);
  }
};

PthFile::PthFile(const std::string& path) : content_(std::make_unique<Content>()) {
  content_->where = path;
  content_->map = std::make_unique<MappedFile>(path);
  content_->read(content_->map->bytes());
}

PthFile::PthFile(std::string_view bytes, const std::string& where) : content_(std::make_unique<Content>()) {
  content_->where = where;
  content_->read(bytes);
}

PthFile::~PthFile() = default;
PthFile::PthFile(PthFile&&) noexcept = default;

PthValue PthFile::root() const {
  return content_->root;
}
const std::string& PthFile::where() const {
  return content_->where;
}
std::vector<std::string> PthFile::passedOver() const {
  return content_->passedOver;
}

Tensor PthFile::tensor(const PthTensor& tensor) const {
  Tensor copy = Tensor::zeros(tensor.shape, tensor.storage.dtype);
  const size_t itemBytes = sizeOf(tensor.storage.dtype);
  const std::string_view bytes = content_->storage(tensor.storage.key);
  if (copy.elements() > 0)
    copyView(tensor, 0, bytes.data() + static_cast<size_t>(tensor.offset) * itemBytes, copy.as<char>(),
             itemBytes);
  return copy;
}

}  // namespace cv::mixmim
