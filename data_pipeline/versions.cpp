#include "data_pipeline/versions.hpp"

#include <jpeglib.h>
#include <oneapi/tbb/version.h>
#include <cstdio>  // jpeglib.h needs FILE

namespace cv::mixmim {

std::string tbbVersion() {
  return TBB_runtime_version();
}

std::string jpegVersion() {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
  constexpr int kNumber = LIBJPEG_TURBO_VERSION_NUMBER;  // 2001005 = 2.1.5
  return "turbo " + std::to_string(kNumber / 1000000) + "." + std::to_string(kNumber / 1000 % 1000) + "." +
         std::to_string(kNumber % 1000);
#else
  return "IJG " + std::to_string(JPEG_LIB_VERSION);
#endif
}

}  // namespace cv::mixmim
