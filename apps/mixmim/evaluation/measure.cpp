#include "evaluation/measure.hpp"

#include <utility>

#include "evaluation/accuracy.hpp"
#include "evaluation/multi_label.hpp"

namespace cv::mixmim {

std::unique_ptr<Measure> makeMeasure(Task task, Labelling labelling, std::vector<std::string> labels) {
  switch (task) {
    case Task::kPretrain:
      return nullptr;
    case Task::kFinetune:
      if (labelling == Labelling::kSeveral) return std::make_unique<MultiLabel>(std::move(labels));
      return std::make_unique<Accuracy>(std::move(labels));
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

const char* headlineName(Labelling labelling) {
  return labelling == Labelling::kSeveral ? "map" : "top1";
}

}  // namespace cv::mixmim
