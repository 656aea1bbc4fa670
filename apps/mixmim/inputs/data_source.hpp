#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// openSource(), and a line on stderr for each of the first problems it had with the data.
std::shared_ptr<const Source> openAndReport(const std::string& path, int imagesPerClass = 0);

}  // namespace cv::mixmim
