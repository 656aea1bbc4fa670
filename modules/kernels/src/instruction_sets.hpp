// Which of the compiled kernels may run.
#pragma once

namespace cv::mixmim {

struct LayerKernels;

enum class InstructionSet { kPortable, kAvx2, kAvx512, kAmx };

/// Whether processor and system have the instruction set: AVX2 with FMA; AVX-512 F; AMX-BF16, which Linux is
/// asked for, with AVX-512 F. False above the set that MIXMIM_KERNELS names (kernels/layers.hpp), except
/// where it names kernels that were added, because those count as faster than all sets. Throws
/// std::invalid_argument where it names something else.
bool canRun(InstructionSet set);

/// The kernels given to addLayerKernels(), where MIXMIM_KERNELS has their name; else null.
const LayerKernels* addedKernels();

}  // namespace cv::mixmim
