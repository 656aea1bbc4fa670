#include "targets/target_reader.hpp"

#include <utility>

#include "targets/class_targets.hpp"
#include "targets/label_targets.hpp"

namespace cv::mixmim {

std::unique_ptr<TargetReader> makeTargetReader(Task task, Labelling labelling,
                                               std::shared_ptr<const Source> source) {
  switch (task) {
    case Task::kFinetune:
      if (labelling == Labelling::kSeveral) return std::make_unique<LabelTargets>(std::move(source));
      [[fallthrough]];
    case Task::kPretrain:  // trains without, but a probe of its features compares them with classes
      return std::make_unique<ClassTargets>(std::move(source));
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

}  // namespace cv::mixmim
