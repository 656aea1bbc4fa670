// Reading every image of a data set once, to know what is in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data_pipeline/bad_images.hpp"
#include "data_pipeline/source.hpp"

namespace cv::mixmim {

struct ImageCheck {
  std::map<std::string, int64_t> formats;  ///< images per format, told by their first bytes
  std::map<int, int64_t> perClass;         ///< good images per label
  std::vector<BadImage> bad;               ///< in the order of the source
};

/// Decodes every image completely on `threads` workers (0 = all cores). `progress` is called now and then
/// from one of them, never from two at once, with the number of images seen; false stops the check early.
ImageCheck checkImages(const Source& source, int threads, const std::function<bool(int64_t done)>& progress);

}  // namespace cv::mixmim
