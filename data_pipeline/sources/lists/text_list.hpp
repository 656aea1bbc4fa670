#pragma once

#include <string>
#include <string_view>

#include "sources/files/file_source.hpp"

namespace cv::mixmim {

/// The pictures of a list as text (list_format.hpp), all of it in memory: `list` names it in errors. Paths
/// stay as they are, but with SourceOptions::root a slash before them is inside of it. A byte order mark is
/// passed over. Throws Error for text in UTF-16, and for lines that are not like the first ones.
PictureFiles readTextList(std::string_view text, const std::string& list, const SourceOptions& options);

}  // namespace cv::mixmim
