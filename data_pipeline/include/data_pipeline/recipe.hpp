#pragma once

namespace cv::mixmim {

/// The treatment of an image between file and batch.
enum class Recipe {
  kPretrain,  ///< shuffled; random crop and flip; image pairs mixed under a mask
  kFinetune,  ///< shuffled; random crop and flip; mixup or cutmix drawn for the device
  kEval,      ///< in the order of the source; the evaluation transform; last batch may be short
};

}  // namespace cv::mixmim
