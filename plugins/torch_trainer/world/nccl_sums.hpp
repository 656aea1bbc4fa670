// Sums over GPUs by NCCL. The implementation is a library of its own, because it is built only where the
// headers of CUDA and NCCL are, and loaded only where a GPU trains.
#pragma once

#include <memory>

#include "world/torch_world.hpp"

namespace c10d {
class Store;
}

namespace cv::mixmim {

class NcclSums {
 public:
  virtual ~NcclSums() = default;
  /// As TorchWorld::addUp, on the stream that is current.
  virtual std::unique_ptr<Pending> addUp(const at::Tensor& flat) = 0;
};

inline constexpr const char *kNcclLibrary = "torch_trainer/nccl.so", *kNcclEntry = "mixmimNccl";

/// The library's one symbol. Null on failure, with the reason in `error`. Never throws.
using NcclEntry = NcclSums* (*)(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                at::Device device, char* error, size_t errorCapacity);

}  // namespace cv::mixmim
