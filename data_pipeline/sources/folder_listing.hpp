#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// Whether files with this extension, lower-cased and without its dot, are images: "jpg".
bool isImageExtension(const std::string& extension);

/// Names of the folders directly in `folder`, links followed, sorted bytewise. Throws Error if it cannot be
/// read.
std::vector<std::string> foldersIn(const std::string& folder);

/// Paths, relative to `folder`, of the images in it, sorted by folder and then by name; with `recursive`, of
/// those in all folders below it too, links followed. Throws Error if a folder cannot be read.
std::vector<std::string> imagesIn(const std::string& folder, bool recursive);

}  // namespace cv::mixmim
