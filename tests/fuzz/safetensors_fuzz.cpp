// Any bytes as a safetensors file: an error or tensors whose memory is as large as their shapes say, nothing
// else.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cv::mixmim;
  try {
    for (const auto& [name, tensor] : parseSafetensors({reinterpret_cast<const char*>(data), size}, "fuzz")) {
      const size_t expected = static_cast<size_t>(tensor.elements()) * sizeOf(tensor.dtype);
      if (tensor.bytes.total() != expected || expected > size) std::abort();
    }
  } catch (const Error&) {
  }
  return 0;
}
