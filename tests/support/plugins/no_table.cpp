// A plugin that has the entry and nothing behind it.
#include "opencv2/mixmim/plugin.hpp"

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return nullptr;
}
