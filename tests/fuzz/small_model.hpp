// A deployed model so small that a fuzzer can use it thousands of times a second, and files that are only in
// memory.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "model_io/onnx/export.hpp"
#include "tests/support/parity_recipe.hpp"
#include "tests/support/temp_folder.hpp"

#if defined(__clang__)
/// Clang's search for leaks at the end of a program crashes by itself where threads came with a plugin;
/// GCC's, in the replay of the inputs, does not.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}
#endif

namespace cv::mixmim::test {

/// Bytes under a path, while it lives.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", 0)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory");
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("cannot write a file in memory");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// Two stages, three classes, for 16 px; except a Swin, for 32 px, because its first stage has shifted
/// windows then. Blocks of windows and of reduced keys take turns in Twins-SVT.
inline ModelConfig smallModelOf(Family family) {
  ModelConfig model;
  model.encoder = family;
  model.imageSize = family == Family::kSwin ? cv::Size(32, 32) : cv::Size(16, 16);
  model.embedDim = 8;
  model.headDim = 8;
  model.depths = {family == Family::kSwin || family == Family::kTwinsSvt ? 2 : 1, 1};
  model.classes = 3;
  return model;
}

/// What `mixmim export` writes of it.
inline std::string smallModel(Family family = Family::kMixMim) {
  const ModelConfig model = smallModelOf(family);
  const TempFolder folder;
  exportOnnx(folder / "model.onnx", recipeWeights(model, Task::kFinetune, 1), model, {});
  return contentOf(folder / "model.onnx");
}

}  // namespace cv::mixmim::test
