#include "model_io/files/cache_folder.hpp"

#include <cstdlib>
#include <filesystem>

namespace cv::mixmim {

std::string userCacheFolder() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  if (cache && *cache) return (std::filesystem::path(cache) / "mixmim").string();
  return home && *home ? (std::filesystem::path(home) / ".cache/mixmim").string() : std::string();
}

}  // namespace cv::mixmim
