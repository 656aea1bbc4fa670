// Records that a run leaves for its report besides the logs. In a run of several processes the first writes
// them.
#pragma once

#include <cstdint>
#include <string>

#include "data_pipeline/source.hpp"
#include "evaluation/measured.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The answers of one evaluation, of the weights after `step`, to the pictures `source`, which is called
/// `data`.
struct KeptEvaluation {
  int64_t step = 0;
  std::string data;
  const Source& source;
  const Measured& measured;
};

/// Writes `folder`/evaluation: evaluation.json (the numbers, per class, the confusion matrix as [true class,
/// answer, images] where there are any, the telling pictures) and those pictures as JPEG. An older one is
/// replaced as a whole. Throws Error.
void keepEvaluation(const std::string& folder, const KeptEvaluation& evaluation);

/// Writes `folder`/machine.json: versions, processor, threads and the command line, and where it was given.
/// In a resumed run the command is added to the earlier ones. Throws Error.
void keepMachine(const std::string& folder, const Config& config);

}  // namespace cv::mixmim
