#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// A list of pictures as a Source: a table or text (text_list.hpp), or JSON (json_list.hpp) where it begins
/// with
/// '{' or '['. Paths begin in SourceOptions::root, or in the folder of the list. A list of .tar files is that
/// data set. With SourceOptions::masks it is a list of pairs (pair_list.hpp).
///
/// Throws Error where the list is above 8 GiB (text: 1 GiB), and where none of some of its pictures is there.
std::shared_ptr<const Source> openList(const std::string& list, const SourceOptions& options);

}  // namespace cv::mixmim
