// A checkpoint's answers to a data set.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data_pipeline/source.hpp"
#include "evaluation/measured.hpp"
#include "inputs/class_match.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

struct CheckpointScores {
  Measured measured;
  int64_t step = 0;  ///< of the checkpoint
};

/// `config` supplies the batch size, device, threads, plugin, and for messages the name of the data. Throws
/// Error for a pretraining checkpoint, and where withClassesOf does. A model without class
/// names takes the data's, if there are as many.
CheckpointScores evaluateCheckpoint(const std::string& path, const std::shared_ptr<const Source>& source,
                                    const Config& config, const ClassMap& map = {});

}  // namespace cv::mixmim
