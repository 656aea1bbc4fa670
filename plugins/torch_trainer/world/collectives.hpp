// Exchanges of processes through Gloo, PyTorch's collective operations between processors.
#pragma once

#include <ATen/ATen.h>
#include <c10/util/intrusive_ptr.h>

#include <chrono>

#include "opencv2/mixmim/train/world.hpp"

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace cv::mixmim {

/// How long an exchange may take. Life signs end a wait long before; this is for what they cannot see.
inline constexpr std::chrono::seconds kCollective{3600};

/// Collective operations of all processes, on the CPU. Threads: one call at a time.
class Collectives {
 public:
  Collectives(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch);
  ~Collectives();

  at::Tensor gather(at::Tensor own);  ///< size x the numbers of `own`
  void broadcast(const at::Tensor& tensor);
  void reduce(const at::Tensor& tensor);

  /// Each process adds up one share of the tensor, and then gives it to all: nothing is sent twice, and the
  /// order of the additions, that of the ranks, does not depend on who talks to whom. In place; the length is
  /// a multiple of the number of processes.
  void addUp(at::Tensor flat);

 private:
  int64_t size_;
  c10::intrusive_ptr<c10d::Backend> gloo_;
};

}  // namespace cv::mixmim
