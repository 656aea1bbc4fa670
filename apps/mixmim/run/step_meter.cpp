#include "run/step_meter.hpp"

#include <algorithm>
#include <limits>

namespace cv::mixmim {

void StepMeter::add(const StepReport& report, int64_t images) {
  images_ += images;
  if (report.skipped) return;
  ++steps_;
  loss_ += report.loss;
}

StepMeter::Reading StepMeter::read(double waited) {
  const double seconds = std::max(1e-9, secondsSince(start_));
  Reading reading;
  reading.seconds = seconds;
  reading.loss = steps_ > 0 ? loss_ / static_cast<double>(steps_) : std::numeric_limits<double>::quiet_NaN();
  reading.imagesPerSecond = static_cast<double>(images_) / seconds;
  reading.dataWaitPercent = 100 * (waited - waitedAtStart_) / seconds;
  *this = {};
  waitedAtStart_ = waited;
  return reading;
}

}  // namespace cv::mixmim
