// A plugin of another version.
#include "opencv2/mixmim/plugin.hpp"

namespace cv::mixmim {
namespace {

constexpr PluginTable kTable{
    sizeof(PluginTable), kPluginAbi + 1, "mixmim.Trainer/1", nullptr, nullptr, nullptr};

}  // namespace
}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
