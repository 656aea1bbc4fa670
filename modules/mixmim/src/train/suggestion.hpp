#pragma once

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

/// "did you mean '...'?", or "" where no name is close.
inline std::string didYouMean(const std::string& word, const std::vector<std::string>& known) {
  const std::string nearest = nearestName(word, known);
  return nearest.empty() ? "" : "did you mean '" + nearest + "'?";
}

}  // namespace cv::mixmim
