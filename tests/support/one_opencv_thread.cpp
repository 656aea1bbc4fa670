// Linked into tests under ThreadSanitizer: OpenCV and its pool are not built with it, so that the start and
// the end of a cv::parallel_for_ order nothing in its eyes. With one thread those loops run where they are
// called.
#include <opencv2/core.hpp>

namespace {

[[maybe_unused]] const bool kSet = [] {
  cv::setNumThreads(1);
  return true;
}();

}  // namespace
