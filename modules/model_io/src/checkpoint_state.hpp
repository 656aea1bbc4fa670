// state.json of a checkpoint.
#pragma once

#include <string>

#include "model_io/checkpoint.hpp"

namespace cv::mixmim {

/// `members`: what the checkpoint's other files must look like, a hash of each.
struct CheckpointMembers {
  std::string model,
      optimizer;  ///< hash of the file's header, which holds the hash of every tensor; "" = no such file
};

std::string stateText(const CheckpointInfo& info, const CheckpointMembers& members);
CheckpointInfo parseState(const std::string& text, const std::string& where,
                          CheckpointMembers* members = nullptr);

}  // namespace cv::mixmim
