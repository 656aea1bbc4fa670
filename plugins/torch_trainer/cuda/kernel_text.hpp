// The texts of cuda/kernels, carried inside the plugin, because they are compiled where they run.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

struct KernelFile {
  const char *name, *text;  ///< "cuda/kernels/sums.hpp", as the others include it
};

/// All files; the first one includes the others.
const std::vector<KernelFile>& kernelFiles();

/// Which of the two types that the kernels' branches and activations can have.
enum class StoredType { kFloat, kBfloat16 };

/// A hash of all files.
const std::string& hashOfKernels();

}  // namespace cv::mixmim
