// The words for a task, as records, commands and pages have them.
#pragma once

#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim::report {

struct TaskWords {
  const char* verb;  ///< in config.ini, and of the program: "pretrain"
  const char* noun;  ///< for people: "pretraining"
};

TaskWords wordsOf(Task task);

/// The task that the settings of a run name. Pretraining where they name none, or one that there is not,
/// which resolve() tells.
Task taskIn(const std::vector<Setting>& settings);

}  // namespace cv::mixmim::report
