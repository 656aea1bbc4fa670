#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/image_format.hpp"
#include "data_pipeline/source.hpp"
#include "data_pipeline/tar_format.hpp"
#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "sources/archives/shard_names.hpp"
#include "sources/archives/tar_source.hpp"
#include "sources/files/input_file.hpp"
#include "sources/folders/folder_listing.hpp"
#include "sources/folders/folder_source.hpp"
#include "sources/folders/pair_folder.hpp"
#include "sources/lists/list_source.hpp"

namespace cv::mixmim {

namespace {

bool beginsLikeTar(const std::string& beginning) {
  constexpr size_t kMagic = 257;
  return beginning.size() > kMagic && beginning.compare(kMagic, 5, "ustar") == 0;
}

/// A file by its first bytes, except that the name .tar is believed.
std::shared_ptr<const Source> openFile(const std::string& path, const SourceOptions& options) {
  const InputFile file(path);
  std::string beginning(static_cast<size_t>(kTarBlock), '\0');
  beginning.resize(file.readAt(0, beginning.data(), beginning.size()));
  if (const char* packed = compressionOf(beginning))
    throw Error(path, fmt::format("packed with {}, which has no random access", packed),
                "unpack it and name the folder, or the plain .tar");
  if (endsWith(path, ".tar") || beginsLikeTar(beginning)) return openTars(path, {path}, options);
  const std::vector<uint8_t> bytes(beginning.begin(), beginning.end());
  if (const ImageFormat format = formatOf(bytes); format != ImageFormat::kUnknown)
    throw Error(path, fmt::format("expected a folder of images, a .tar or a list, got a picture ({})",
                                  nameOf(format)));
  if (beginning.find('\0') != std::string::npos && !hasUtf16Mark(beginning))
    throw Error(path, "expected a folder of images, a .tar or a list, got another file");
  return openList(path, options);
}

}  // namespace

std::shared_ptr<const Source> openSource(const std::string& path, const SourceOptions& options) {
  if (options.masks && options.imagesPerClass > 0)
    throw Error(path, "data.imagesPerClass expects one class per picture, got label maps");
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (std::filesystem::is_directory(status)) {
    std::vector<std::string> shards = shardsIn(path);
    if (!shards.empty()) return openTars(path, std::move(shards), options);
    return options.masks ? openPairFolder(path, options) : openFolder(path, options);
  }
  if (std::filesystem::exists(status)) return openFile(path, options);
  if (startsWith(path, "@")) return openList(path.substr(1), options);
  if (namesShards(path)) return openTars(path, options);
  throw Error(path, "no such folder or file", "check the path");
}

}  // namespace cv::mixmim
