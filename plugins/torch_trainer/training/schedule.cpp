#include "training/schedule.hpp"

#include <algorithm>
#include <cmath>

#include "model/parameter_groups.hpp"

namespace cv::mixmim {

double learningRate(const OptimConfig& optim, int batch, double epoch) {
  constexpr double kPi = 3.14159265358979323846;
  const double peak = peakRate(optim, batch);
  if (epoch < optim.warmupEpochs) return peak * epoch / optim.warmupEpochs;
  const double span = optim.epochs - optim.warmupEpochs;
  const double progress = span > 0 ? std::min(1.0, (epoch - optim.warmupEpochs) / span) : 1.0;
  return optim.minLr + (peak - optim.minLr) * 0.5 * (1 + std::cos(kPi * progress));
}

}  // namespace cv::mixmim
