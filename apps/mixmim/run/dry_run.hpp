// A training that is only tried: is everything there, how long will it take, how much memory does it need?
#pragma once

#include "inputs/checkpoint_config.hpp"

namespace cv::mixmim {

/// Opens data, plugin and weights as a run would, computes a few batches, and prints what follows from them.
/// Writes nothing. run.out may be left out. Returns the exit code; throws Error where a run would.
int dryRun(const RunRequest& request, bool asJson);

}  // namespace cv::mixmim
