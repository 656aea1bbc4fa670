// Which of the compiled kernels may run.
#pragma once

namespace cv::mixmim {

struct LayerKernels;

enum class InstructionSet { kPortable, kAvx2, kAvx512, kAmx };

/// Whether processor and system have it: AVX2 with FMA; AVX-512 F; AMX-BF16, which Linux is asked for, with
/// AVX-512 F. Nothing above what the environment's MIXMIM_KERNELS names (kernels/layers.hpp), except that
/// everything is below kernels that were added; throws std::invalid_argument where it names something else.
bool canRun(InstructionSet set);

/// What addLayerKernels() was given, where the environment's MIXMIM_KERNELS has its name; else null.
const LayerKernels* addedKernels();

}  // namespace cv::mixmim
