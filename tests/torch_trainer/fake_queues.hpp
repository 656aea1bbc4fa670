// A device that is as late and as unordered as a GPU may be, on the host: what it is told runs when somebody
// waits for it, or when the dice say so. Its memory is given away again as soon as that is allowed.
#pragma once

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "compute/device_queues.hpp"

namespace cv::mixmim {

class FakeQueues final : public DeviceQueues {
 public:
  /// What one of these devices does not do, to see that somebody notices.
  enum class Fault {
    kNone,
    kNoWait,
    kNoHostWaitForUpload,
    kNoHostWaitForFetch,
    kNoHostWaitForSummand,
    kNoShare
  };

  explicit FakeQueues(unsigned seed, Fault fault = Fault::kNone) : dice_(seed), fault_(fault) {}

  ~FakeQueues() override { finish(); }

  at::Tensor pinned(at::IntArrayRef shape, at::ScalarType type) override {
    pinned_.push_back(at::zeros(shape, type));
    return pinned_.back();
  }

  at::Tensor allocate(Queue queue, at::IntArrayRef shape, at::ScalarType type) override {
    at::Tensor memory = reusable(queue, shape, type);
    if (!memory.defined()) memory = at::zeros(shape, type);
    const auto release = [this, memory, queue](void*) { released(memory, queue); };
    return at::from_blob(memory.data_ptr(), shape, release, type);
  }

  void share(const at::Tensor& tensor, Queue) override {
    if (fault_ != Fault::kNoShare) shared_.insert(tensor.data_ptr());
  }

  void copy(Queue queue, const at::Tensor& to, const at::Tensor& from) override {
    // Addresses alone: the device does not know whose memory it is.
    void* target = to.data_ptr();
    const void* source = from.data_ptr();
    const size_t bytes = from.nbytes();
    tell(queue, [target, source, bytes] { std::memcpy(target, source, bytes); });
  }

  /// Work of any other kind.
  void tell(Queue queue, std::function<void()> work) {
    works(queue).push_back({std::move(work), {}});
    throwDice();
  }

  /// Everything that was told is done.
  void finish() {
    for (const Queue queue : {Queue::kCompute, Queue::kCopies}) run(queue, told(queue));
  }

  void record(Mark mark, Queue queue) override { marks_[mark] = Place{queue, told(queue)}; }

  void waitFor(Mark mark, Queue queue) override {
    if (fault_ != Fault::kNoWait && marks_.count(mark)) works(queue).push_back({{}, marks_.at(mark)});
    throwDice();
  }

  void hostWait(Mark mark) override {
    if (mark == Mark::kUploaded && fault_ == Fault::kNoHostWaitForUpload) return;
    if (mark == Mark::kFetched && fault_ == Fault::kNoHostWaitForFetch) return;
    if (mark == Mark::kAtHome && fault_ == Fault::kNoHostWaitForSummand) return;
    if (marks_.count(mark)) run(marks_.at(mark).queue, marks_.at(mark).works);
  }

 private:
  struct Place {
    Queue queue;
    size_t works;  // that stand before it
  };
  /// Something to do, or a place to wait for.
  struct Work {
    std::function<void()> what;
    std::optional<Place> after;
  };
  struct Free {
    at::Tensor memory;
    Queue queue;
    size_t computed;  // how much of the compute queue must be done before
  };

  std::deque<Work>& works(Queue queue) { return works_[queue]; }
  size_t told(Queue queue) { return done_[queue] + works(queue).size(); }

  /// Runs until `count` works of the queue are done.
  void run(Queue queue, size_t count) {
    while (done_[queue] < count) {
      const Work next = works(queue).front();
      if (next.after) run(next.after->queue, next.after->works);
      if (next.what) next.what();
      works(queue).pop_front();
      ++done_[queue];
    }
  }

  /// Any queue may get ahead by any amount at any time, or not.
  void throwDice() {
    const Queue queue = dice_() % 2 ? Queue::kCompute : Queue::kCopies;
    if (dice_() % 3 == 0) run(queue, done_[queue] + dice_() % (works(queue).size() + 1));
  }

  void released(const at::Tensor& memory, Queue queue) {
    const bool shared = shared_.erase(memory.data_ptr()) > 0;
    free_.push_back({memory, queue, shared ? told(Queue::kCompute) : 0});
  }

  at::Tensor reusable(Queue queue, at::IntArrayRef shape, at::ScalarType type) {
    for (auto block = free_.begin(); block != free_.end(); ++block) {
      if (block->queue != queue || block->computed > done_[Queue::kCompute]) continue;
      if (block->memory.sizes() != shape || block->memory.scalar_type() != type) continue;
      const at::Tensor memory = block->memory;
      free_.erase(block);
      return memory;
    }
    return {};
  }

  std::mt19937 dice_;
  Fault fault_;
  std::map<Queue, std::deque<Work>> works_;
  std::map<Queue, size_t> done_;
  std::map<Mark, Place> marks_;
  std::set<void*> shared_;
  std::vector<Free> free_;
  std::vector<at::Tensor> pinned_;  // as long as something may still be copied
};

}  // namespace cv::mixmim
