#include "data_pipeline/source.hpp"

#include <filesystem>
#include <system_error>

#include "opencv2/mixmim/error.hpp"
#include "sources/folder_source.hpp"
#include "sources/shard_names.hpp"
#include "sources/tar_source.hpp"

namespace cv::mixmim {

int64_t Source::offset(int64_t) const {
  return 0;
}

std::string placeText(const std::string& path, int64_t offset) {
  return offset > 0 ? path + ":" + std::to_string(offset) : path;
}

std::shared_ptr<const Source> openSource(const std::string& path, int imagesPerClass) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (std::filesystem::is_directory(status)) return openFolder(path, imagesPerClass);
  if (namesShards(path)) return openTars(path, imagesPerClass);
  if (!std::filesystem::exists(status)) throw Error(path, "no such folder", "check the path");
  throw Error(path, "expected a folder of images or a .tar, got a file");
}

}  // namespace cv::mixmim
