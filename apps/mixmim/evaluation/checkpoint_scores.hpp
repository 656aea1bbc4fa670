// A checkpoint's answers to a data set.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "evaluation/answer_sheet.hpp"
#include "evaluation/measured.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

struct CheckpointScores {
  Measured measured;
  int64_t step = 0;  ///< of the checkpoint
};

/// `config` supplies the batch size, device, threads and plugin, `change` what else is to differ from the
/// checkpoint's settings. A model without class names takes the
/// data's, if there are as many. Throws Error for a pretraining checkpoint, and where withClassesOf does.
CheckpointScores evaluateCheckpoint(const std::string& path, const LabelledData& data, const Config& config,
                                    const std::function<void(Config&)>& change = {});

}  // namespace cv::mixmim
