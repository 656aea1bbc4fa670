// A plugin that prints a line and kills its process.
#include <csignal>
#include <cstdio>

#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {
namespace {

const char* describe() {
  return R"({"version": "0.1.0", "devices": []})";
}

void* create(const char*, char*, size_t) {
  std::puts("so long");
  std::fflush(stdout);
  std::raise(SIGKILL);
  return nullptr;
}

void destroy(void*) {}

constexpr PluginTable kTable = tableOf<Trainer>(describe, create, destroy);

}  // namespace
}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
