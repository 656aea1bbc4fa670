// The common part of the verbs pretrain and finetune: all but their names.
#pragma once

#include "verbs/verb.hpp"

namespace cv::mixmim {

/// A verb that trains, or does a dry run. `line` has its texts.
Verb trainingVerb(const std::string& sentence, const CommandLine& line, Task task);

}  // namespace cv::mixmim
