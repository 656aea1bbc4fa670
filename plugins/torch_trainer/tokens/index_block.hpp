// Index tensors of a step, brought to the device by one copy instead of one each, because every copy costs a
// host that has a step to queue.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace cv::mixmim {

/// Lists of numbers are collected in memory of the host (pinned, where there is a GPU) and go to the device
/// together. Threads: one at a time.
class IndexBlock {
 public:
  /// `bytes`: of memory that is taken at once; a longer list gets its own. By default enough for a step on a
  /// GPU, and little on the CPU, where large memory is new each time and costs more than copies.
  explicit IndexBlock(at::Device device, int64_t bytes) : device_(device), bytes_(bytes) {}
  explicit IndexBlock(at::Device device) : IndexBlock(device, int64_t{1} << (device.is_cpu() ? 16 : 22)) {}
  IndexBlock(const IndexBlock&) = delete;
  IndexBlock& operator=(const IndexBlock&) = delete;

  at::Device device() const { return device_; }

  /// A tensor on the device, int32 or int64, that holds the numbers after send(); before, anything.
  at::Tensor add(const std::vector<int32_t>& numbers);
  at::Tensor add(const std::vector<int64_t>& numbers);
  /// The same for numbers that the caller writes to numbers[0..count) before send().
  at::Tensor room(int64_t count, int32_t*& numbers);

  /// Queues the copy of what was added, behind the device's other work; the host does not wait.
  void send();

 private:
  at::Tensor place(int64_t bytes, at::ScalarType type, void*& memory);
  template <class Number>
  at::Tensor added(const std::vector<Number>& numbers, at::ScalarType type);
  void takeMemory(int64_t bytes);

  struct Block {
    at::Tensor home, there;  ///< bytes on either side
    int64_t used = 0;
  };

  at::Device device_;
  int64_t bytes_;
  std::vector<Block> blocks_;  ///< not yet sent; the last one is being filled
};

}  // namespace cv::mixmim
