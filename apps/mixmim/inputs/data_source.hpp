#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// openSource(), and lines on stderr: the first problems it had with the data, what it passed over, and,
/// where classes are needed, what looks like a mistake.
std::shared_ptr<const Source> openAndReport(const std::string& path, const SourceOptions& options = {});

/// The same for a data set whose classes are needed.
std::shared_ptr<const Source> openLabelled(const std::string& path, int imagesPerClass = 0);

}  // namespace cv::mixmim
