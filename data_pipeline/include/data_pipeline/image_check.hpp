// Reading every image of a data set once, to know what is in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data_pipeline/bad_images.hpp"
#include "data_pipeline/label_map.hpp"
#include "data_pipeline/source.hpp"

namespace cv::mixmim {

struct ImageCheck {
  std::map<std::string, int64_t> formats;  ///< images per format, told by their first bytes
  std::map<int, int64_t> perClass;         ///< good images per label
  PixelCounts pixels{};  ///< in good label maps, by value as stored; values that are no labels are among them
  int64_t nothingToLearn = 0;  ///< label maps in which all pixels are ignored
  std::vector<BadImage> bad;   ///< in the order of the source; a pair is bad if its label map is
};

/// Decodes every image, and its label map where the source has them, completely on `threads` workers (0 = all
/// cores). `progress` is called now and then from one of them, never from two at once, with the number of
/// images seen; false stops the check early.
ImageCheck checkImages(const Source& source, int threads, const std::function<bool(int64_t done)>& progress);

}  // namespace cv::mixmim
