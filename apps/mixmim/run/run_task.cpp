#include "run/run_task.hpp"

#include <opencv2/core.hpp>

namespace cv::mixmim {

RunTask runTaskOf(Task task) {
  switch (task) {
    case Task::kPretrain:
      return {"pretrain", Recipe::kPretrain, false};
    case Task::kFinetune:
      return {"finetune", Recipe::kFinetune, true};
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

}  // namespace cv::mixmim
