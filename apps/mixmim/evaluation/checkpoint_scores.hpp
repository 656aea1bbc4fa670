// A checkpoint's answers to a data set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluation/evaluation.hpp"

namespace cv::mixmim {

struct CheckpointScores {
  EvaluationResult result;
  std::vector<std::string> labels;
  int64_t step = 0;  ///< of the checkpoint
};

/// `config` supplies the batch size, device, threads, plugin, and for messages the name of the data. Throws
/// Error for a pretraining checkpoint, and where the classes of data and model differ.
CheckpointScores evaluateCheckpoint(const std::string& path, const std::shared_ptr<const Source>& source,
                                    const Config& config, Mistakes* mistakes = nullptr);

}  // namespace cv::mixmim
