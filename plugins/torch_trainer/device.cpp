#include "plugins/torch_trainer/device.hpp"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <boost/json.hpp>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// Registers LibTorch's CUDA kernels in this process; the loader's message if they are not there, else "".
/// Must come before anything asks LibTorch whether it has CUDA, since the answer is cached.
const std::string& loadCuda() {
  static const std::string failure = []() -> std::string {
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) return {};
    const char* reason = dlerror();
    return reason ? reason : "unknown reason";
  }();
  return failure;
}

int cudaDevices() {
  return loadCuda().empty() && at::hasCUDA() ? at::accelerator::deviceCount() : 0;
}

at::Tensor viewOf(const cv::Mat& mat) {
  const std::vector<int64_t> shape(mat.size.p, mat.size.p + mat.dims);
  const auto type = mat.depth() == CV_8U ? at::kByte : at::kInt;
  return at::from_blob(mat.data, shape, type);
}

}  // namespace

at::Device openDevice(const std::string& name) {
  const std::string hint = "use --device cpu, or a LibTorch with CUDA (MIXMIM_TORCH_ROOT)";
  const bool cuda = name.rfind("cuda", 0) == 0;
  if (cuda && !loadCuda().empty()) throw Error("run.device", "CUDA cannot be used: " + loadCuda(), hint);
  try {
    const at::Device device(name);
    if (device.is_cpu()) return device;
    if (cuda && device.index() < cudaDevices())
      return at::Device(at::kCUDA, std::max<at::DeviceIndex>(0, device.index()));
  } catch (const c10::Error&) {  // not a device name: reported below
  }
  throw Error("run.device",
              "expected cpu, cuda or cuda:N, got '" + name + "' (" + std::to_string(cudaDevices()) +
                  " CUDA devices are there)",
              hint);
}

std::string describeDevices() {
  boost::json::array devices{"cpu"};
  for (int i = 0; i < cudaDevices(); ++i) devices.emplace_back("cuda:" + std::to_string(i));
  return boost::json::serialize(boost::json::object{{"version", MIXMIM_VERSION},
                                                    {"libtorch", TORCH_VERSION},
                                                    {"devices", devices},
                                                    {"cuda", loadCuda().empty() ? "loaded" : loadCuda()}});
}

cv::Mat Transfer::allocate(const std::vector<int>& shape) {
  const int dims = static_cast<int>(shape.size());
  if (device_.is_cpu()) return cv::Mat(dims, shape.data(), CV_8U);
  const std::vector<int64_t> sizes(shape.begin(), shape.end());
  pinned_.push_back(at::empty(sizes, at::TensorOptions(at::kByte).pinned_memory(true)));
  return cv::Mat(dims, shape.data(), CV_8U, pinned_.back().data_ptr());
}

at::Tensor Transfer::upload(const cv::Mat& mat) {
  if (device_.is_cpu()) return viewOf(mat);
  if (!uploaded_) {
    uploaded_.emplace(device_.type());
    copies_ =
        c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_, /*isHighPriority=*/true);
  }
  const c10::Stream compute = at::accelerator::getCurrentStream(device_.index());
  at::Tensor copy;
  {
    const c10::StreamGuard onCopies(*copies_);
    copy = viewOf(mat).to(device_, /*non_blocking=*/true);
  }
  uploaded_->record(*copies_);
  uploaded_->block(compute);    // what is computed from now on comes after the copy
  copy.record_stream(compute);  // its memory is not taken again before that is done
  return copy;
}

void Transfer::wait() {
  if (uploaded_) uploaded_->synchronize();
}

void Transfer::fetch(const at::Tensor& numbers) {
  if (device_.is_cpu()) {
    numbers_ = numbers;
    return;
  }
  numbers_ = at::empty(numbers.sizes(), at::TensorOptions(at::kFloat).pinned_memory(true));
  numbers_.copy_(numbers, /*non_blocking=*/true);
  if (!fetched_) fetched_.emplace(device_.type());
  fetched_->record(at::accelerator::getCurrentStream(device_.index()));
}

std::vector<float> Transfer::collect() {
  if (!numbers_.defined()) return {};
  if (fetched_) fetched_->synchronize();
  const float* first = numbers_.data_ptr<float>();
  std::vector<float> values(first, first + numbers_.numel());
  numbers_.reset();
  return values;
}

}  // namespace cv::mixmim
