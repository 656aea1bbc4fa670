#include "tokens/index_block.hpp"

#include <algorithm>

namespace cv::mixmim {

namespace {

int64_t aligned(int64_t bytes) {
  constexpr int64_t kAlignment = 64;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

at::Tensor IndexBlock::add(const std::vector<int32_t>& numbers) {
  return added(numbers, at::kInt);
}

at::Tensor IndexBlock::add(const std::vector<int64_t>& numbers) {
  return added(numbers, at::kLong);
}

at::Tensor IndexBlock::room(int64_t count, int32_t*& numbers) {
  void* memory = nullptr;
  const at::Tensor tensor = place(count * static_cast<int64_t>(sizeof(int32_t)), at::kInt, memory);
  numbers = static_cast<int32_t*>(memory);
  return tensor;
}

void IndexBlock::send() {
  for (const Block& block : blocks_)
    block.there.narrow(0, 0, block.used).copy_(block.home.narrow(0, 0, block.used), /*non_blocking=*/true);
  blocks_.clear();
}

template <class Number>
at::Tensor IndexBlock::added(const std::vector<Number>& numbers, at::ScalarType type) {
  void* memory = nullptr;
  const at::Tensor tensor = place(static_cast<int64_t>(numbers.size() * sizeof(Number)), type, memory);
  std::copy(numbers.begin(), numbers.end(), static_cast<Number*>(memory));
  return tensor;
}

at::Tensor IndexBlock::place(int64_t bytes, at::ScalarType type, void*& memory) {
  if (blocks_.empty() || blocks_.back().used + bytes > blocks_.back().home.numel()) takeMemory(bytes);
  Block& block = blocks_.back();
  memory = block.home.data_ptr<uint8_t>() + block.used;
  const at::Tensor tensor = block.there.narrow(0, block.used, bytes).view(type);
  block.used += aligned(bytes);
  return tensor;
}

void IndexBlock::takeMemory(int64_t bytes) {
  const int64_t size = aligned(std::max(bytes, bytes_));
  blocks_.push_back({at::empty({size}, at::TensorOptions(at::kByte).pinned_memory(device_.is_cuda())),
                     at::empty({size}, at::TensorOptions(at::kByte).device(device_))});
}

}  // namespace cv::mixmim
