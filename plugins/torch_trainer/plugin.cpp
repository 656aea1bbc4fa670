#include "opencv2/mixmim/plugin.hpp"

#include "compute/torch_errors.hpp"
#include "kernels/signals.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "torch_trainer.hpp"

namespace cv::mixmim {

namespace {

const char* describe() {
  static const std::string text = describeDevices();
  return text.c_str();
}

void* create(const char* json, char* error, size_t errorCapacity) {
  const SignalsHeldBack calm;  // for the threads that LibTorch starts here and keeps
  const auto make = [&] {
    const Config config = fromJson(json);
    try {
      return std::make_unique<TorchTrainer>(config);
    } catch (const c10::Error& e) {
      throwNamed(e, config.run.device);
    }
  };
  return createAtBorder<Trainer>(make, error, errorCapacity);
}

void destroy(void* object) {
  delete static_cast<Trainer*>(object);
}

constexpr PluginTable kTable = tableOf<Trainer>(describe, create, destroy);

}  // namespace

}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
