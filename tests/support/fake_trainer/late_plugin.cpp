// The entry of the late trainer, as in plugin.cpp.
#include "opencv2/mixmim/plugin.hpp"

#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/fake_trainer/late_trainer.hpp"

namespace cv::mixmim::test {
namespace {

const char* describe() {
  return R"({"version": "0.1.0", "devices": ["cpu", "cuda:0", "cuda:1"]})";
}

void* create(const char* json, char* error, size_t errorCapacity) {
  const auto make = [&] { return std::make_unique<LateTrainer>(fromJson(json)); };
  return createAtBorder<Trainer>(make, error, errorCapacity);
}

void destroy(void* object) {
  delete static_cast<Trainer*>(object);
}

constexpr PluginTable kTable = tableOf<Trainer>(describe, create, destroy);

}  // namespace
}  // namespace cv::mixmim::test

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::test::kTable;
}
