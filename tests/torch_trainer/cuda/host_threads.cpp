#include "tests/torch_trainer/cuda/host_threads.hpp"

#include <ucontext.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

namespace cv::mixmim::gpu {

Index threadIdx, blockIdx, blockDim, gridDim;

namespace {

constexpr size_t kMostThreads = 1024, kStackBytes = 32768, kLanes = 32;

enum class State { kReady, kAtWarp, kAtBlock, kDone };

struct Thread {
  ucontext_t context{};
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  Index place;
  State state = State::kDone;
  std::array<double, 2>
      exchanged{};  // by turns, so that the next exchange may begin while a slow lane reads this one
  size_t turn = 0;
};

/// The threads of one block. Their stacks are kept from block to block.
class Block {
 public:
  void run(ThreadOrder order, const std::function<void()>& kernel) {
    kernel_ = &kernel;
    count_ = blockDim.x * blockDim.y;
    if (count_ > kMostThreads || count_ % kLanes != 0)
      throw std::logic_error("a block of " + std::to_string(count_) +
                             " threads, expected whole warps and at most 1024");
    for (size_t i = 0; i < count_; ++i) start(i);
    while (goOn(order)) release();
  }

  void wait(State where) {
    Thread& own = *current_;
    own.state = where;
    swapcontext(&own.context, &scheduler_);
  }

  double* exchanged(int apart, double own) {
    Thread& thread = *current_;
    const size_t turn = thread.turn++ % 2,
                 lane = static_cast<size_t>(current_ - threads_.data()) ^ static_cast<size_t>(apart);
    thread.exchanged[turn] = own;
    wait(State::kAtWarp);
    return &threads_[lane].exchanged[turn];
  }

  void runCurrent() {
    (*kernel_)();
    current_->state = State::kDone;
  }

 private:
  void start(size_t i);

  /// Every warp as far as it comes without the others. Whether any thread is left.
  bool goOn(ThreadOrder order) {
    bool left = false;
    for (size_t k = 0; k < count_; k += kLanes) {
      const size_t first = order == ThreadOrder::kAscending ? k : count_ - kLanes - k;
      do runLanes(first, order);
      while (releaseWarp(first));
      for (size_t i = first; i < first + kLanes; ++i) left = left || threads_[i].state != State::kDone;
    }
    return left;
  }

  /// Every lane that can, to its next barrier.
  void runLanes(size_t first, ThreadOrder order) {
    for (size_t k = 0; k < kLanes; ++k) {
      current_ = &threads_[first + (order == ThreadOrder::kAscending ? k : kLanes - 1 - k)];
      threadIdx = current_->place;
      if (current_->state == State::kReady) swapcontext(&scheduler_, &current_->context);
    }
  }

  /// Lets a warp whose lanes are all at its barrier go on.
  bool releaseWarp(size_t first) {
    for (size_t i = first; i < first + kLanes; ++i)
      if (threads_[i].state != State::kAtWarp) return false;
    for (size_t i = first; i < first + kLanes; ++i) threads_[i].state = State::kReady;
    return true;
  }

  /// Lets the block go on, if all that are left of it are at its barrier.
  void release() {
    for (size_t i = 0; i < count_; ++i)
      if (threads_[i].state == State::kAtWarp)
        throw std::logic_error("threads of a block wait at different barriers");
    for (size_t i = 0; i < count_; ++i)
      if (threads_[i].state == State::kAtBlock) threads_[i].state = State::kReady;
  }

  std::vector<Thread> threads_{kMostThreads};
  Thread* current_ = nullptr;
  size_t count_ = 0;
  ucontext_t scheduler_{};
  const std::function<void()>* kernel_ = nullptr;
};

Block& theBlock() {
  static Block block;
  return block;
}

void enter() {
  theBlock().runCurrent();
}

void Block::start(size_t i) {
  Thread& thread = threads_[i];
  thread.place = {static_cast<unsigned>(i % blockDim.x), static_cast<unsigned>(i / blockDim.x)};
  thread.state = State::kReady;
  thread.turn = 0;
  getcontext(&thread.context);
  thread.context.uc_stack.ss_sp = thread.stack.get();
  thread.context.uc_stack.ss_size = kStackBytes;
  thread.context.uc_link = &scheduler_;
  makecontext(&thread.context, enter, 0);
}

}  // namespace

void runOnHost(Index grid, Index block, ThreadOrder order, const std::function<void()>& kernel) {
  gridDim = grid;
  blockDim = block;
  for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y)
    for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) theBlock().run(order, kernel);
}

void __syncthreads() {
  theBlock().wait(State::kAtBlock);
}

double* exchangedWith(int apart, double own) {
  return theBlock().exchanged(apart, own);
}

}  // namespace cv::mixmim::gpu
