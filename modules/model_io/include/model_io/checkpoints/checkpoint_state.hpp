// state.json of a checkpoint as text.
#pragma once

#include <string>

#include "model_io/checkpoints/checkpoint.hpp"

namespace cv::mixmim {

/// JSON whose last entry is a checksum of all text before it.
std::string stateText(const CheckpointInfo& info, const CheckpointMembers& members);

/// Throws Error when the text was changed after stateText wrote it.
void verifyStateText(const std::string& text, const std::string& where);

/// Reads the entries; does not need the checksum. Throws Error for a missing or bad entry or another format
/// number.
CheckpointInfo parseState(const std::string& text, const std::string& where,
                          CheckpointMembers* members = nullptr);

}  // namespace cv::mixmim
