// A plugin of another build: MIXMIM_FIELD, a number of its table, is not what the program knows.
#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {
namespace {

constexpr PluginTable withOtherNumber() {
  PluginTable table = tableOf<Trainer>(nullptr, nullptr, nullptr);
  table.MIXMIM_FIELD += 8;
  return table;
}

constexpr PluginTable kTable = withOtherNumber();

}  // namespace
}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
