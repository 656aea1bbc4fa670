// Completion of the program for shells, as scripts that are made from the verbs' own lists of options.
#pragma once

#include <string>
#include <vector>

#include "terminal/command_line.hpp"

namespace cv::mixmim {

std::string bashCompletion();
std::string zshCompletion();
std::string fishCompletion();

/// "--optim.lr" and "--lr", where it has an alias.
std::vector<std::string> spellingsOf(const LineOption& option);

/// The words that may follow an option; none where that is a file or anything.
std::vector<std::string> valuesOf(const LineOption& option);

}  // namespace cv::mixmim
