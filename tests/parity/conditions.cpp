#include "tests/parity/conditions.hpp"

#include "compute/device.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim::parity {

const Tolerances& Conditions::tolerances() const {
  static constexpr Tolerances kCpu{2e-6, 1e-5, 2e-6, 2e-5, 0, 1e-5, 1e-2},
      kGpu{2e-5, 1e-4, 2e-5, 2e-4, 2e-4, 1e-4, 3e-2}, kBFloat16{1e-3, 2e-2, 3e-3, 1e-1, 1e-2, 2e-3, 1e-1};
  if (precision == "bfloat16") return kBFloat16;
  return device == "cpu" ? kCpu : kGpu;
}

void Conditions::check() const {
  if (precision != "float32" && precision != "bfloat16")
    throw Error("--precision", "expected float32 or bfloat16, got '" + precision + "'");
  openDevice(device);
}

void Conditions::applyTo(Config& config) const {
  config.run.device = device;
  config.run.precision = precision;
}

}  // namespace cv::mixmim::parity
