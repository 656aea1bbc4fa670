// The parts of a training run, opened and checked before anything is written.
#pragma once

#include <memory>
#include <string>

#include "data_pipeline/pipeline.hpp"
#include "inputs/checkpoint_config.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "opencv2/mixmim/train/data_defaults.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

struct RunSetup {
  Config config;                ///< with `choices`, the number of classes, and of batches per step
  RunConfig given;              ///< config.run before this process took its share of cores and devices
  std::vector<Choice> choices;  ///< defaults that follow the data
  std::shared_ptr<const Source> train;  ///< never null
  std::shared_ptr<const Source> val;    ///< null where config.data.val is ""
  std::shared_ptr<Trainer> trainer;     ///< its weights are those to start from; outlives the pipeline
  std::shared_ptr<World> world;         ///< the processes of this run; never null
  std::unique_ptr<Pipeline> pipeline;   ///< of the training images, not started
  int64_t stepsPerEpoch = 0, totalSteps = 0;
  /// The step at which epoch 0 would have begun with this batch size: see Pipeline::start.
  int64_t epochZero = 0;
  std::string resumed;    ///< the checkpoint the run continues, or ""
  int64_t firstStep = 0;  ///< steps done by then
  double firstEpoch = 0;  ///< epochs done by then; -1 = as many as the steps make, in a file of PyTorch
  double best = -1;       ///< headline of a validation by then; -1 = none
  int64_t bestStep = -1;  ///< the checkpoint that had it; -1 = none, or an older checkpoint does not say

  /// The settings to keep with the run: not those of this process.
  Config toKeep() const {
    Config keep = config;
    keep.run = given;
    return keep;
  }
};

/// Opens data and plugin, loads weights or a checkpoint, and tells about them on stderr. Writes nothing, but
/// with kPutBack it completes an interrupted replacement of a checkpoint of the run to be resumed. One of
/// several processes connects to the others; rank 0 alone reads weights. Throws Error where something does
/// not fit.
RunSetup setUpRun(const RunRequest& request, const Launch& launch = {}, Repair repair = Repair::kPutBack);

}  // namespace cv::mixmim
