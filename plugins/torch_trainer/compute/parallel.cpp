#include "compute/parallel.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>

#include <algorithm>
#include <atomic>

namespace cv::mixmim {

void parallelFor(int64_t count, c10::function_ref<void(int64_t)> work) {
  if (count <= 0) return;
  std::atomic<int64_t> next{0};
  const auto takeWhatIsLeft = [&](char**, const int64_t*, int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) work(i);
  };
  // The loop over the numbers of a tensor is in LibTorch's library. Here it has a number for every thread.
  at::Tensor perThread = at::empty({std::min<int64_t>(count, at::get_num_threads())}, at::kByte);
  at::TensorIterator::nullary_op(perThread).for_each(takeWhatIsLeft, /*grain_size=*/1);
}

KernelScratch& scratch() {
  thread_local KernelScratch memory;
  return memory;
}

}  // namespace cv::mixmim
