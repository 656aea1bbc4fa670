// The processes of a run, connected by PyTorch's c10d: Gloo between CPUs, NCCL between GPUs that no two of
// them share.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

/// A sum over all processes that is under way.
class Pending {
 public:
  virtual ~Pending() = default;
  /// Returns when computations that follow may use the sum. Throws Error when another process is gone.
  virtual void wait() = 0;
};

class TorchWorld : public World {
 public:
  /// Starts to add up a flat float tensor over all processes, in place; its length is a multiple of size().
  /// On the CPU ((a0 + a1) + a2) + ..., in the order of ranks, so that the sum has the same bits as that of
  /// one process which computes all parts in turn, and so on GPUs where notice() says that hosts add up; else
  /// in the order of NCCL. Everybody starts the same sums in the same order.
  virtual std::unique_ptr<Pending> addUp(const at::Tensor& flat) = 0;
};

/// Connects to the other processes of the launch, of which there may be none, and waits until all are there.
/// `patience`: seconds without a sign of life after which one of them counts as lost; whoever then waits for
/// it gets an Error, and a process that does not end by itself is ended. Throws Error naming those that do
/// not come.
std::shared_ptr<TorchWorld> connectProcesses(const Launch& launch, at::Device device, double patience);

}  // namespace cv::mixmim
