#pragma once

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// Memory of the calling thread for the intermediate results of one piece of work; kept until the thread
/// ends.
inline KernelScratch& scratchOfThread() {
  thread_local KernelScratch scratch;
  return scratch;
}

}  // namespace cv::mixmim
