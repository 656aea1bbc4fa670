// Where this user's programs keep what can be made again.
#pragma once

#include <string>

namespace cv::mixmim {

/// $XDG_CACHE_HOME/mixmim, or ~/.cache/mixmim; "" where neither is known.
std::string userCacheFolder();

}  // namespace cv::mixmim
