// A plugin whose library is not there.
#include "opencv2/mixmim/plugin.hpp"

extern "C" int torchStub();

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  static const cv::mixmim::PluginTable table{
      static_cast<uint32_t>(torchStub()), 0, "", nullptr, nullptr, nullptr};
  return &table;
}
