#include "targets/target_reader.hpp"

#include <utility>

#include "targets/class_targets.hpp"
#include "targets/label_targets.hpp"

namespace cv::mixmim {

std::unique_ptr<TargetReader> makeTargetReader(Task task, Labelling labelling,
                                               std::shared_ptr<const Source> source) {
  const bool several = task == Task::kFinetune && labelling == Labelling::kSeveral;
  if (several) return std::make_unique<LabelTargets>(std::move(source));
  switch (task) {
    case Task::kPretrain:  // trains without, but a probe of its features compares them with classes
    case Task::kFinetune:
      return std::make_unique<ClassTargets>(std::move(source));
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

}  // namespace cv::mixmim
