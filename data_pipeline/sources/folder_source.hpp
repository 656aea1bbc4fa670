#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// A folder as a Source. With folders below `root`, each of them is a class: labels are the ranks of their
/// names, sorted bytewise, and files directly in `root` do not count. Without, `root` itself holds the
/// images, and there are no labels.
///
/// Classes are walked recursively, links are followed (a folder that contains itself is entered once). An
/// image is a file whose name ends in .jpg .jpeg .png .ppm .bmp .pgm .tif .tiff or .webp, in any case; the
/// order is by folder, then by name, as torchvision's ImageFolder has it. `imagesPerClass` > 0 keeps the
/// first N of every class.
///
/// read() refuses anything that is not a regular file (so a named pipe cannot block it) and files above 1
/// GiB. Throws Error for a folder that does not exist, cannot be read or holds no image, and for a class
/// without images.
std::shared_ptr<const Source> openFolder(const std::string& root, int imagesPerClass = 0);

}  // namespace cv::mixmim
