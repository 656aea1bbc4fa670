#include "compute/device_queues.hpp"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace cv::mixmim {

namespace {

/// Through LibTorch's device-generic API. Its allocators keep freed memory for the stream it was taken for.
class StreamQueues final : public DeviceQueues {
 public:
  explicit StreamQueues(at::Device device)
      : device_(device),
        copies_(c10::impl::VirtualGuardImpl(device.type())
                    .getStreamFromGlobalPool(device, /*isHighPriority=*/true)) {}

  at::Tensor pinned(at::IntArrayRef shape, at::ScalarType type) override {
    const c10::DeviceGuard guard(device_);  // not the first GPU's context, which need not be ours
    return at::empty(shape, at::TensorOptions(type).pinned_memory(true));
  }

  at::Tensor allocate(Queue queue, at::IntArrayRef shape, at::ScalarType type) override {
    const c10::StreamGuard guard(streamOf(queue));
    return at::empty(shape, at::TensorOptions(type).device(device_));
  }

  void share(const at::Tensor& tensor, Queue queue) override { tensor.record_stream(streamOf(queue)); }

  void copy(Queue queue, const at::Tensor& to, const at::Tensor& from) override {
    const c10::StreamGuard guard(streamOf(queue));
    to.copy_(from, /*non_blocking=*/true);
  }

  void record(Mark mark, Queue queue) override {
    std::optional<c10::Event>& event = eventOf(mark);
    if (!event) event.emplace(device_.type());
    event->record(streamOf(queue));
  }

  void waitFor(Mark mark, Queue queue) override {
    if (eventOf(mark)) eventOf(mark)->block(streamOf(queue));
  }

  void hostWait(Mark mark) override {
    if (const auto& event = eventOf(mark)) waitQuietly([&event] { return event->query(); });
  }

 private:
  c10::Stream streamOf(Queue queue) const {
    return queue == Queue::kCopies ? copies_ : at::accelerator::getCurrentStream(device_.index());
  }
  std::optional<c10::Event>& eventOf(Mark mark) { return events_[static_cast<size_t>(mark)]; }

  at::Device device_;
  c10::Stream copies_;
  std::array<std::optional<c10::Event>, static_cast<size_t>(Mark::kSum) + 1> events_;
};

}  // namespace

void waitQuietly(c10::function_ref<bool()> done) {
  constexpr std::chrono::microseconds kPause{100};  // a step takes milliseconds
  while (!done()) std::this_thread::sleep_for(kPause);
}

std::unique_ptr<DeviceQueues> queuesOf(at::Device device) {
  return std::make_unique<StreamQueues>(device);
}

}  // namespace cv::mixmim
