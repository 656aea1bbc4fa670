// A plugin for another interface.
#include "opencv2/mixmim/plugin.hpp"

namespace cv::mixmim {
namespace {

struct Camera {
  static constexpr const char* kInterface = "mixmim.Camera/1";
};

constexpr PluginTable kTable = tableOf<Camera>(nullptr, nullptr, nullptr);

}  // namespace
}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
