#define USE_C10D_NCCL

#include "world/nccl_sums.hpp"

#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <utility>

#include "opencv2/mixmim/plugin.hpp"

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
  Sums(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size)
      : nccl_(c10::make_intrusive<c10d::ProcessGroupNCCL>(
            c10::make_intrusive<c10d::PrefixStore>("nccl", store), rank, size)) {}
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
                                                       int size, char* error, size_t errorCapacity) {
  using cv::mixmim::NcclSums;
  const auto make = [&] {
    return std::unique_ptr<NcclSums>(std::make_unique<cv::mixmim::Sums>(store, rank, size));
  };
  return static_cast<NcclSums*>(cv::mixmim::createAtBorder<NcclSums>(make, error, errorCapacity));
}
