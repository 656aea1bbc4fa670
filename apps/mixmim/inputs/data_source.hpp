#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// openSource(), and lines on stderr: the first problems it had with the data, what it passed over, and,
/// where classes are needed, what looks like a mistake.
std::shared_ptr<const Source> openAndReport(const std::string& path, const SourceOptions& options = {});

/// The same for the data set of --data, and for that of --val.
std::shared_ptr<const Source> openTrainingData(const DataConfig& data, Classes classes);
std::shared_ptr<const Source> openValidationData(const DataConfig& data, Classes classes);

}  // namespace cv::mixmim
