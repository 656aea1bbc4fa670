#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// A folder as a Source. Each folder directly below `root` that holds images, at any depth, is a class:
/// labels are the ranks of their names, sorted bytewise. Images directly in `root` come first and have no
/// class. Without folders there are no labels.
///
/// Links are followed, except those to a folder above. An image is a file whose ending says so, in any case
/// (folder_listing.hpp); names that begin with a dot and those of operating systems are passed over at every
/// depth (passed_names.hpp). The order is by folder, then by name, as torchvision's ImageFolder has it.
///
/// Where classes are needed, images directly in `root` are passed over, and a class without images is an
/// error. Throws Error for a folder that does not exist, cannot be read or holds no image, and for names that
/// are not UTF-8.
std::shared_ptr<const Source> openFolder(const std::string& root, const SourceOptions& options = {});

}  // namespace cv::mixmim
