// Defaults that follow the data, in a run as it was asked for, and the words for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inputs/checkpoint_config.hpp"
#include "opencv2/mixmim/train/data_defaults.hpp"

namespace cv::mixmim {

/// Sets in `config` what the request leaves to the data, and returns it; nothing where a preset was named.
std::vector<Choice> followData(const RunRequest& request, const DataAtHand& data, Config& config);

/// Lines for people, none where there are no choices, the last one ended: how many pictures, and the choices
/// with their reasons. Choices of one reason share a line. `preset` is the recipe that follows nothing; each
/// line begins with `before`.
std::string choicesText(const std::vector<Choice>& choices, int64_t images, const std::string& preset,
                        const std::string& before = "");

}  // namespace cv::mixmim
