// A plugin that fails to create anything.
#include <stdexcept>

#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {
namespace {

const char* describe() {
  return R"({"version": "0.1.0", "devices": []})";
}

void* create(const char*, char* error, size_t errorCapacity) {
  const auto make = []() -> std::unique_ptr<Trainer> { throw std::runtime_error("throwing: out of ideas"); };
  return createAtBorder<Trainer>(make, error, errorCapacity);
}

void destroy(void*) {}

constexpr PluginTable kTable = tableOf<Trainer>(describe, create, destroy);

}  // namespace
}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
