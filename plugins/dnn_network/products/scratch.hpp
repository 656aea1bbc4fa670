#pragma once

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// Memory of the calling thread for what one piece of work computes in between; kept until the thread ends.
inline KernelScratch& scratchOfThread() {
  thread_local KernelScratch scratch;
  return scratch;
}

}  // namespace cv::mixmim
