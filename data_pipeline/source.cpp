#include "data_pipeline/source.hpp"

#include <filesystem>
#include <system_error>

#include "data_pipeline/folder_source.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

std::shared_ptr<const Source> openSource(const std::string& path, int imagesPerClass) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) throw Error(path, "no such folder", "check the path");
  if (!std::filesystem::is_directory(status)) throw Error(path, "expected a folder of images, got a file");
  return openFolder(path, imagesPerClass);
}

}  // namespace cv::mixmim
