#define USE_C10D_NCCL

#include "world/nccl_sums.hpp"

#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <utility>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/plugin.hpp"
#include "world/collectives.hpp"

namespace cv::mixmim {

namespace {

class Running final : public Pending {
 public:
  explicit Running(c10::intrusive_ptr<c10d::Work> work) : work_(std::move(work)) {}
  void wait() override { work_->wait(); }  // the stream waits, not this thread

 private:
  c10::intrusive_ptr<c10d::Work> work_;
};

class Sums final : public NcclSums {
 public:
  /// Connects at once, because NCCL would do so in the first backward pass, where its reasons are hard to
  /// read.
  Sums(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, at::Device device) {
    const auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = kCollective;  // NCCL's own is 10 minutes, which a long validation exceeds
    nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>("nccl", store),
                                                        rank, size, options);
    nccl_->eagerConnectSingleDevice(device);
  }

  /// The world lets go of its sums only when all processes have left, so none waits here for another.
  ~Sums() override {
    try {
      nccl_->shutdown();
    } catch (const std::exception&) {  // all results are there
    }
  }

  std::unique_ptr<Pending> addUp(const at::Tensor& flat) override {
    std::vector<at::Tensor> one{flat};
    return std::make_unique<Running>(nccl_->allreduce(one));
  }

 private:
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
};

}  // namespace

}  // namespace cv::mixmim

extern "C" CV_EXPORTS cv::mixmim::NcclSums* mixmimNccl(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                                       int size, at::Device device, char* error,
                                                       size_t errorCapacity) {
  using cv::mixmim::NcclSums;
  const auto make = [&]() -> std::unique_ptr<NcclSums> {
    try {
      return std::make_unique<cv::mixmim::Sums>(store, rank, size, device);
    } catch (const c10::Error& e) {  // LibTorch's stack stays here
      throw cv::mixmim::Error("NCCL", e.what_without_backtrace());
    }
  };
  return static_cast<NcclSums*>(cv::mixmim::createAtBorder<NcclSums>(make, error, errorCapacity));
}
