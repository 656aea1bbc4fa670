// The manual page, from the same list of options as help, reference and completion.
#pragma once

#include <string>
#include <vector>

#include "terminal/command_line.hpp"

namespace cv::mixmim {

/// A page of section 1 for man: the program, its verbs with their options, and once, as of `settings`, the
/// settings that training verbs share.
std::string manPage(const std::vector<CommandLine>& verbs, const CommandLine& settings);

}  // namespace cv::mixmim
