// Which of the compiled kernels may run.
#pragma once

namespace cv::mixmim {

enum class InstructionSet { kPortable, kAvx2, kAvx512, kAmx };

/// Whether processor and system have it: AVX2 with FMA; AVX-512 F; AMX-BF16, which Linux is asked for, with
/// AVX-512 F. Nothing above what the environment's MIXMIM_KERNELS names (kernels/layers.hpp); throws
/// std::invalid_argument where it names something else.
bool canRun(InstructionSet set);

/// Whether MIXMIM_KERNELS wants tiles on any processor.
bool emulatesTiles();

}  // namespace cv::mixmim
