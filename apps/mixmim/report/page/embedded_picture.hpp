// A picture file as part of a page.
#pragma once

#include <filesystem>
#include <string>

#include <opencv2/core.hpp>

namespace cv::mixmim::report {

struct EmbeddedPicture {
  std::string uri;  ///< data:image/jpeg;base64,...
  cv::Size size;
};

/// Reads a picture without trust (its bytes and the size its header claims are bounded before it is decoded),
/// makes it no wider than `widest`, and encodes it anew, as JPEG. Throws Error.
EmbeddedPicture embedPicture(const std::filesystem::path& path, int widest);

}  // namespace cv::mixmim::report
