// machine.json of a run folder: where and how the run was made.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cv::mixmim::report {

struct MachineRecord {
  std::vector<std::pair<std::string, std::string>> facts;  ///< "processor", "versions.opencv", ...
  std::string folder;                                      ///< where the commands were given
  std::vector<std::string> commands;  ///< the one that began the run, then those that resumed it
};

/// Throws Error naming `where` for text that is not an object of JSON. Whatever it holds besides becomes
/// facts, up to a number of them.
MachineRecord parseMachine(std::string_view text, const std::string& where);

}  // namespace cv::mixmim::report
