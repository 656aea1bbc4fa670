#define USE_C10D_GLOO

#include "world/collectives.hpp"

#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "world/meeting.hpp"

namespace cv::mixmim {

namespace {

/// Adds up the rows of `rows` (size x chunk) in their order.
void addRows(const at::Tensor& rows, at::Tensor& sum) {
  const int64_t chunk = sum.numel();
  auto* to = sum.data_ptr<float>();
  std::memcpy(to, rows.data_ptr<float>(), static_cast<size_t>(chunk) * sizeof(float));
  for (int64_t row = 1; row < rows.size(0); ++row) {
    const float* from = rows.data_ptr<float>() + row * chunk;
    for (int64_t i = 0; i < chunk; ++i) to[i] += from[i];
  }
}

}  // namespace

Collectives::Collectives(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch)
    : size_(launch.size) {
  const auto options = c10d::ProcessGroupGloo::Options::create(kCollective);
  options->devices = {c10d::ProcessGroupGloo::createDeviceForHostname(addressTowards(launch))};
  options->threads = 1;
  const auto names = c10::make_intrusive<c10d::PrefixStore>("gloo", store);
  gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(names, launch.rank, launch.size, options);
}

Collectives::~Collectives() = default;

at::Tensor Collectives::gather(at::Tensor own) {
  at::Tensor all = at::empty({size_ * own.numel()}, own.options());
  gloo_->_allgather_base(all, own)->wait();
  return all.view({size_, own.numel()});
}

void Collectives::broadcast(const at::Tensor& tensor) {
  std::vector<at::Tensor> one{tensor};
  gloo_->broadcast(one)->wait();
}

void Collectives::reduce(const at::Tensor& tensor) {
  std::vector<at::Tensor> one{tensor};
  gloo_->allreduce(one)->wait();
}

void Collectives::addUp(at::Tensor flat) {
  std::vector<int64_t> equal;
  at::Tensor shares = at::empty_like(flat);
  gloo_->alltoall_base(shares, flat, equal, equal)->wait();
  at::Tensor sum = at::empty({flat.numel() / size_}, flat.options());
  addRows(shares.view({size_, sum.numel()}), sum);
  gloo_->_allgather_base(flat, sum)->wait();
}

}  // namespace cv::mixmim
