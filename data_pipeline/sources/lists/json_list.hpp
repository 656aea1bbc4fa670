#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sources/files/file_source.hpp"

namespace cv::mixmim {

/// The pictures of a list in iNaturalist's form, which is COCO's without boxes:
///
///   {"images": [{"id": 1, "file_name": "a/1.jpg"}], "annotations": [{"image_id": 1, "category_id": 7}],
///    "categories": [{"id": 7, "name": "Felis catus"}]}
///
/// The order is that of `images`; labels are the ranks of categories by their ids. The text comes in pieces
/// from `next`, "" at its end, because such files are larger than what is kept of them. Throws Error for what
/// is not JSON and for annotations of unknown images or categories. COCO's own files are read too: where an
/// image has annotations of several categories, these are its labels; boxes and masks are not read.
PictureFiles readJsonList(const std::function<std::string_view()>& next, const std::string& list,
                          const SourceOptions& options);

}  // namespace cv::mixmim
