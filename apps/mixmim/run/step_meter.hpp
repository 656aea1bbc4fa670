// Loss and speed between two lines of metrics.
#pragma once

#include <cstdint>

#include "opencv2/mixmim/train/trainer.hpp"
#include "terminal/usage.hpp"

namespace cv::mixmim {

class StepMeter {
 public:
  struct Reading {
    double loss = 0;  ///< mean over the steps that were not skipped; NaN if all were
    double seconds = 0;
    double imagesPerSecond = 0;
    double dataWaitPercent = 0;
  };

  void add(const StepReport& report, int64_t images);

  /// Does work that is no training: its time does not count.
  template <class Work>
  void pauseFor(Work work) {
    const Clock::time_point before = Clock::now();
    work();
    start_ += Clock::now() - before;
  }

  /// Reads what was added since the last reading, and begins anew. `waited`: seconds that the run has spent
  /// waiting for data since it began.
  Reading read(double waited);

 private:
  Clock::time_point start_ = Clock::now();
  double loss_ = 0, waitedAtStart_ = 0;
  int64_t steps_ = 0, images_ = 0;
};

}  // namespace cv::mixmim
