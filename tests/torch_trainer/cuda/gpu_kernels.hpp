// The GPU kernels in every precision: played on the host, and, where there is a GPU, on it.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "compute/device.hpp"
#include "cuda/kernel_choice.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/torch_trainer/cuda/host_driver.hpp"

namespace cv::mixmim::test {

struct Precision {
  const char* name;
  KernelTypes types;
  double real, stored;  ///< largest differences, as a share of the largest number
  at::DeviceType device = at::kCPU;
};

inline const Precision kPrecisions[] = {
    {"float64", {at::kDouble, at::kDouble}, 1e-12, 1e-12},
    {"float32", {at::kFloat, at::kFloat}, 2e-6, 2e-6},
    {"bfloat16", {at::kFloat, at::kBFloat16}, 2e-6, 4e-3},
    {"float32onTheGpu", {at::kFloat, at::kFloat}, 2e-6, 2e-6, at::kCUDA},
    {"bfloat16onTheGpu", {at::kFloat, at::kBFloat16}, 2e-6, 4e-3, at::kCUDA}};

inline constexpr double kEps = 1e-5f;  // exactly what a kernel's float holds

inline at::Generator seeded(uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

inline at::Tensor random(at::IntArrayRef shape, uint64_t seed, at::ScalarType type) {
  return at::randn(shape, seeded(seed), at::TensorOptions(at::kDouble)).to(type);
}

inline at::Tensor bytes(at::IntArrayRef shape, uint64_t seed) {
  return at::randint(0, 256, shape, seeded(seed), at::TensorOptions(at::kByte));
}

inline at::Tensor shuffled(int64_t count, uint64_t seed) {
  return at::randperm(count, seeded(seed), at::TensorOptions(at::kLong));
}

inline double difference(const at::Tensor& got, const at::Tensor& wanted) {
  const at::Tensor exactly = wanted.detach().to(at::kDouble).cpu();
  const double largest = exactly.abs().max().item<double>();
  return (got.detach().cpu().to(at::kDouble) - exactly).abs().max().item<double>() / std::max(largest, 1e-30);
}

/// A leaf and its float64 copy on the host, or neither.
struct Leaf {
  Leaf() = default;
  Leaf(const at::Tensor& x, at::Device device)
      : own(x.to(device).detach().requires_grad_(true)),
        exact(x.detach().to(at::kDouble).requires_grad_(true)) {}

  at::Tensor own, exact;
};

class GpuKernels : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (precision_.device == at::kCPU) return void(host_.emplace(types_));
    try {
      device_ = openDevice("cuda");
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
    gpu_ = ownKernelsOn(device_, types_.stored);
  }

  const OwnKernels& kernels() const { return host_ ? **host_ : *gpu_; }

  at::Tensor there(const at::Tensor& x) const { return x.to(device_); }
  Leaf real(at::IntArrayRef shape, uint64_t seed) const {
    return {random(shape, seed, types_.real), device_};
  }
  Leaf stored(at::IntArrayRef shape, uint64_t seed) const {
    return {random(shape, seed, types_.stored), device_};
  }

  Precision precision_ = GetParam();
  KernelTypes types_ = precision_.types;
  at::Device device_ = at::kCPU;

 private:
  std::optional<HostKernels> host_;
  std::shared_ptr<const OwnKernels> gpu_;
};

inline std::string nameOfPrecision(const ::testing::TestParamInfo<Precision>& instance) {
  return instance.param.name;
}

}  // namespace cv::mixmim::test
