#pragma once

#include <string>
#include <string_view>

#include "sources/archives/tar_samples.hpp"

namespace cv::mixmim {

/// The longest file that is read for a label.
constexpr int64_t kLongestLabelFile = 1 << 20;

/// The class that a file of a sample names, as text: "7" or "cat"; "" where it names none.
///
///   .cls   a number or a name; anything else is an error
///   .json  the member label, cls, class, class_id, class_name, category or category_id of an object
///   .txt   one line of at most 100 bytes; more is a caption
///
/// Throws Error, whose message is the reason without a file name.
std::string labelIn(LabelFile file, std::string_view bytes);

}  // namespace cv::mixmim
