#pragma once

#include <string>
#include <vector>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// The classes of pixels: one name per line of `classes.txt`, beside the pictures (in `folder`) or in the
/// folder above; line 1 is label 0. `usual` where there is no such file. Throws Error with the line for an
/// empty one, for a name that is there twice or is not UTF-8, for more than 255, and, where classes are
/// needed, if there are none.
std::vector<std::string> pixelClasses(const std::string& folder, const SourceOptions& options,
                                      std::vector<std::string> usual = {});

/// The classes of Pascal VOC in the order of their palette.
std::vector<std::string> classesOfVoc();

}  // namespace cv::mixmim
