#pragma once

#include "kernels/attention.hpp"

namespace cv::mixmim {

/// Memory of the calling thread for what one piece of work computes in between; kept until the thread ends.
inline AttentionScratch& scratchOfThread() {
  thread_local AttentionScratch scratch;
  return scratch;
}

}  // namespace cv::mixmim
