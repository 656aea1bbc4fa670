// What a GPU offers for moving data beside its work: two queues of its own, marks in them, memory. Small, so
// that tests can put a queue in its place that is as late and as unordered as a GPU may be.
#pragma once

#include <ATen/ATen.h>

#include <memory>

namespace cv::mixmim {

class DeviceQueues {
 public:
  /// Each does what it is told in order; nothing is said about one and the other.
  enum class Queue { kCompute, kCopies };
  /// A place in a queue, by what it stands behind.
  enum class Mark { kUploaded, kFetched };

  virtual ~DeviceQueues() = default;

  /// Memory of the host that the device reads and writes by itself.
  virtual at::Tensor pinned(at::IntArrayRef shape, at::ScalarType type) = 0;
  /// Memory of the device for what `queue` is told from now on. When the tensor is gone, `queue` may get the
  /// memory again at once, since it does things in order.
  virtual at::Tensor allocate(Queue queue, at::IntArrayRef shape, at::ScalarType type) = 0;
  /// Another queue works with `tensor` too: its memory is not given away before what that has been told by
  /// the time the tensor is gone.
  virtual void share(const at::Tensor& tensor, Queue queue) = 0;

  /// Tells `queue` to copy; it may not have begun when this returns. `from` must stay as it is until then.
  virtual void copy(Queue queue, const at::Tensor& to, const at::Tensor& from) = 0;
  /// Puts the mark behind all that `queue` has been told, and takes it from where it was.
  virtual void record(Mark mark, Queue queue) = 0;
  /// Tells `queue` to go on only when the mark is reached.
  virtual void waitFor(Mark mark, Queue queue) = 0;
  /// Returns when the mark is reached; at once if it was never recorded.
  virtual void hostWait(Mark mark) = 0;
};

/// Of a GPU: its current stream, and one for copies.
std::unique_ptr<DeviceQueues> queuesOf(at::Device device);

}  // namespace cv::mixmim
