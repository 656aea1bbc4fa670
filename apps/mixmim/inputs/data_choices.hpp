// The words for defaults that follow the data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/data_defaults.hpp"

namespace cv::mixmim {

/// Lines for people, the last one ended: how many pictures, and the choices with their reasons. Choices of
/// one reason share a line. `preset` is the recipe that follows nothing; each line begins with `before`.
std::string choicesText(const std::vector<Choice>& choices, int64_t images, const std::string& preset,
                        const std::string& before = "");

}  // namespace cv::mixmim
