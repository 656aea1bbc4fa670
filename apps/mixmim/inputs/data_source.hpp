#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// openSource(), and a line on stderr for each of the first problems it had with the data.
std::shared_ptr<const Source> openAndReport(const std::string& path, int imagesPerClass = 0);

/// Throws Error when the classes of a data set are not the model's, naming the first difference.
void checkLabels(const std::string& where, const std::vector<std::string>& data,
                 const std::vector<std::string>& model);

}  // namespace cv::mixmim
