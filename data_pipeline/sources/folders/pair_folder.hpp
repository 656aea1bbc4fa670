#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// Folders of pictures and their label maps as a Source. `path` is
///
///   a folder that holds `images` and `masks`, or `images` and `annotations` as ADE20K calls them
///   a folder in such an `images`: "ADEChallengeData2016/images/training" has its maps in
///   ".../annotations/training"
///
/// A picture's map lies at the same place in its folder, under a name that is equal but for its ending.
/// Pictures without a map are left out and problems() names them; maps without a picture are counted in
/// omissions(). The order is that of folder_source.hpp. The classes are those of pixelClasses().
///
/// Throws Error for folders that are not so, cannot be read or hold no pair, and where pixelClasses() does.
std::shared_ptr<const Source> openPairFolder(const std::string& path, const SourceOptions& options);

}  // namespace cv::mixmim
