// One OpenCV thread, for tests under ThreadSanitizer. It would report false races in cv::parallel_for_,
// because OpenCV's thread pool is not instrumented. With one thread those loops run on the calling thread.
#include <opencv2/core.hpp>

namespace {

[[maybe_unused]] const bool kSet = [] {
  cv::setNumThreads(1);
  return true;
}();

}  // namespace
