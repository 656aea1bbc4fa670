// Any bytes as a safetensors file: an error or tensors whose memory is as large as their shapes say, nothing
// else. The same for what is made of them as weights of another program, and for the file's reader.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model_io/files/safetensors.hpp"
#include "model_io/open_checkpoint.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/support/temp_folder.hpp"

namespace {

using namespace cv::mixmim;

void check(const TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors)
    if (tensor.bytes.total() != static_cast<size_t>(tensor.elements()) * sizeOf(tensor.dtype)) std::abort();
}

template <class Use>
void refusedOr(const Use& use) {
  try {
    use();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const test::TempFolder folder;
  static const std::string path = folder / "fuzz.safetensors";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  refusedOr([&] {
    const TensorMap tensors = parseSafetensors(bytes, "fuzz");
    check(tensors);
    for (const auto& [name, tensor] : tensors)
      if (tensor.bytes.total() > size) std::abort();
    check(officialWeights(tensors, "fuzz"));
  });
  test::writeFile(path, bytes);
  refusedOr([&] { readCheckpointInfo(path); });
  refusedOr([&] { readCheckpointInfo(path, /*headDim=*/1); });
  refusedOr([&] { check(readWeights(path)); });
  return 0;
}
