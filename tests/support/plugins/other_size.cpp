// A plugin whose table has fields this version does not know.
#include "opencv2/mixmim/plugin.hpp"

namespace cv::mixmim {
namespace {

constexpr PluginTable kTable{
    sizeof(PluginTable) + 8, kPluginAbi, "mixmim.Trainer/1", nullptr, nullptr, nullptr};

}  // namespace
}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
