// Differences of a training that is one of several processes.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

/// Cores and devices of the machine are shared out: run.threads = 0 becomes this process' part of the cores,
/// and run.device = cuda one of the GPUs that its trainer finds: the next one for every process, from the
/// first again where they are fewer. Where it finds none, the setting stays, and the trainer says why.
void takeOwnShare(Config& config, const Launch& launch);

/// Connects the trainer to those of the other processes; for one process alone there is nobody to connect to.
std::shared_ptr<World> joinOthers(Trainer& trainer, const Launch& launch);

/// Throws Error, in every process, when one of them has other settings than rank 0 or other data.
void checkAllAlike(World& world, const Config& config, const std::string& fingerprint);

/// Gives the state of rank 0's trainer to all.
void copyFromFirst(World& world, Trainer& trainer);

/// Only rank 0 writes and talks. While this lives, nothing is heard on the stderr of the others.
class Quiet {
 public:
  explicit Quiet(bool quiet);
  ~Quiet();
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  std::streambuf* heard_ = nullptr;
};

/// Writes the cause of a failure for a launcher that has asked for it, in its form
/// ($TORCHELASTIC_ERROR_FILE).
void tellLauncher(const std::string& reason);

}  // namespace cv::mixmim
