// What the verbs pretrain and finetune share: all but their names.
#pragma once

#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/verb.hpp"

namespace cv::mixmim {

/// Parses the arguments and trains, or does a dry run. Returns the exit code.
int runTrainingVerb(CommandLine line, Task task, const Arguments& arguments);

}  // namespace cv::mixmim
