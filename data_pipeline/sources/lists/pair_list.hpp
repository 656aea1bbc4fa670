#pragma once

#include <string>
#include <string_view>

#include "sources/files/file_source.hpp"

namespace cv::mixmim {

/// Pairs of pictures and label maps in a table with a column for each (formatOfPairs); `list` names it in
/// errors. Paths begin in `root`, and there or in the folder above are the classes (pixelClasses). Throws
/// Error for text in UTF-16, for rows that are not like the first one, and where these functions do.
PictureFiles readPairTable(std::string_view text, const std::string& list, const std::string& root,
                           const SourceOptions& options);

/// The root of Pascal VOC, if `list` is one of its lists, ROOT/ImageSets/Segmentation/train.txt; else "".
std::string vocRootOf(const std::string& list);

/// Such a list: a name per line, whose picture is JPEGImages/NAME.jpg and whose map is
/// SegmentationClass/NAME.png. The classes are those of pixelClasses() in `root`, or VOC's own.
PictureFiles readVocList(std::string_view text, const std::string& list, const std::string& root,
                         const SourceOptions& options);

}  // namespace cv::mixmim
