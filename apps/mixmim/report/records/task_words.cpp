#include "report/records/task_words.hpp"

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim::report {

TaskWords wordsOf(Task task) {
  switch (task) {
    case Task::kPretrain:
      return {"pretrain", "pretraining"};
    case Task::kFinetune:
      return {"finetune", "fine-tuning"};
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

Task taskIn(const std::vector<Setting>& settings) try {
  Config config;
  for (const Option& option : options(config))
    for (const Setting& setting : settings)
      if (option.name == "run.task" && setting.key == option.name) option.set(setting.value);
  return config.run.task;
} catch (const Error&) {
  return Task::kPretrain;
}

}  // namespace cv::mixmim::report
