// The means of a GPU to copy data beside its computations: two queues (streams), marks in them (events),
// memory. The interface is small, because tests replace it by queues that are as late and as unordered as a
// GPU may be.
#pragma once

#include <ATen/ATen.h>

#include <c10/util/FunctionRef.h>

#include <memory>

namespace cv::mixmim {

class DeviceQueues {
 public:
  /// Each queue works in order; between the two there is no order, except by marks.
  enum class Queue { kCompute, kCopies };
  /// A place in a queue, named after the work before it.
  enum class Mark { kUploaded, kFetched, kSummand, kAtHome, kSum };

  virtual ~DeviceQueues() = default;

  /// Memory of the host that the device reads and writes by itself.
  virtual at::Tensor pinned(at::IntArrayRef shape, at::ScalarType type) = 0;
  /// Device memory for work that `queue` is given from now on. When the tensor is gone, `queue` may get the
  /// memory again at once, because it works in order.
  virtual at::Tensor allocate(Queue queue, at::IntArrayRef shape, at::ScalarType type) = 0;
  /// Tells that another queue works with `tensor` too. Its memory is then not reused before that queue has
  /// done all that it was given by the time the tensor is gone.
  virtual void share(const at::Tensor& tensor, Queue queue) = 0;

  /// Tells `queue` to copy. `from` must not change until the copy is done, which may not have begun on
  /// return.
  virtual void copy(Queue queue, const at::Tensor& to, const at::Tensor& from) = 0;
  /// Moves the mark behind all work that `queue` has been given.
  virtual void record(Mark mark, Queue queue) = 0;
  /// Tells `queue` to go on only when the mark is reached.
  virtual void waitFor(Mark mark, Queue queue) = 0;
  /// Returns when the mark is reached; at once if it was never recorded.
  virtual void hostWait(Mark mark) = 0;
};

/// Returns when done() is true. Sleeps between two questions, because LibTorch's own wait for an event keeps
/// a core busy that decodes pictures otherwise.
void waitQuietly(c10::function_ref<bool()> done);

/// The queues of a GPU: its current stream, and one for copies.
std::unique_ptr<DeviceQueues> queuesOf(at::Device device);

}  // namespace cv::mixmim
