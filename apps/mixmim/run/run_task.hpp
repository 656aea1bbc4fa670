// The part of a task that a run itself must know, beside its trainer, its pipeline and its measure.
#pragma once

#include "data_pipeline/recipe.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

struct RunTask {
  const char* verb;   ///< the word beside the progress bar
  Recipe recipe;      ///< of the training images
  bool needsClasses;  ///< a folder per class, the same ones in training and validation
};

RunTask runTaskOf(Task task);

}  // namespace cv::mixmim
