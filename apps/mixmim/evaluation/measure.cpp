#include "evaluation/measure.hpp"

#include <utility>

#include "evaluation/accuracy.hpp"

namespace cv::mixmim {

std::unique_ptr<Measure> makeMeasure(Task task, std::vector<std::string> labels) {
  switch (task) {
    case Task::kPretrain:
      return nullptr;
    case Task::kFinetune:
      return std::make_unique<Accuracy>(std::move(labels));
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

}  // namespace cv::mixmim
