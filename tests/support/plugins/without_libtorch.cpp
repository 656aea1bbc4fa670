// A plugin that needs a library which is missing.
#include "opencv2/mixmim/plugin.hpp"

extern "C" int torchStub();

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  static cv::mixmim::PluginTable table{};
  table.size = static_cast<uint32_t>(torchStub());
  return &table;
}
