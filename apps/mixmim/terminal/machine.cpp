#include "terminal/machine.hpp"

#include <boost/version.hpp>
#include <fstream>

#include <fmt/core.h>
#include <opencv2/core/utility.hpp>

#include "data_pipeline/versions.hpp"

namespace cv::mixmim {

std::string systemLine(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (const size_t colon = line.find(": ");
        line.compare(0, key.size(), key) == 0 && colon != std::string::npos)
      return line.substr(line.find_first_not_of(' ', colon + 1));
  return {};
}

std::string processorName() {
  return systemLine("/proc/cpuinfo", "model name");
}

boost::json::object programVersions() {
  return {{"mixmim", MIXMIM_VERSION}, {"opencv", cv::getVersionString()}, {"tbb", tbbVersion()},
          {"libjpeg", jpegVersion()}, {"boost", BOOST_LIB_VERSION},       {"fmt", FMT_VERSION}};
}

}  // namespace cv::mixmim
