// The steps that building a Config from settings and from JSON share.
#pragma once

#include <string>
#include <vector>

#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

/// The option of that name or alias. Throws Error "origin: unknown key ..." with the nearest name.
const Option& findOption(const std::vector<Option>& list, const std::string& key, const std::string& origin);

/// Throws Error where values contradict each other.
void checkConfig(const Config& config);

}  // namespace cv::mixmim
