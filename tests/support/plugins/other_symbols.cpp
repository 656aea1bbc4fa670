// A plugin of another build: it needs a function that the library does not have.
#include "opencv2/mixmim/plugin.hpp"

namespace cv::mixmim {

const PluginTable* tableOfAnotherBuild();

}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return cv::mixmim::tableOfAnotherBuild();
}
