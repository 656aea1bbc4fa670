#include "compute/torch_errors.hpp"

#include <c10/util/Exception.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

std::string reasonOf(const std::exception& e) {
  const auto* torchError = dynamic_cast<const c10::Error*>(&e);
  const std::string text = torchError ? torchError->what_without_backtrace() : e.what();
  return text.substr(0, text.find('\n'));
}

void throwNamed(const c10::Error& error, const std::string& device) {
  const std::string whole = reasonOf(error);
  const size_t allocator = whole.find("DefaultCPUAllocator");  // behind the place in LibTorch's source
  const bool onHost = allocator != std::string::npos;
  const std::string reason = onHost ? whole.substr(allocator) : whole;
  const bool outOfMemory = onHost || dynamic_cast<const c10::OutOfMemoryError*>(&error);
  const std::string hint =
      "a smaller --data.batch needs less; in training --optim.accumulate makes up for it, and --precision "
      "bfloat16 halves most of it";
  if (outOfMemory) throw Error(device, "out of memory: " + reason, hint);
  throw Error(device, "LibTorch failed: " + reason);
}

}  // namespace cv::mixmim
