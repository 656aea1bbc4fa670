// Which of the compiled kernels may run.
#pragma once

namespace cv::mixmim {

enum class InstructionSet { kPortable, kAvx2, kAvx512, kAmx, kEmulatedTiles };

/// Whether processor and system have it: AVX2 with FMA; AVX-512 F; AMX-BF16, which Linux is asked for, with
/// AVX-512 F; emulated tiles always. Nothing above what the environment's MIXMIM_KERNELS names
/// (kernels/layers.hpp), or above AMX; throws std::invalid_argument where it names something else.
bool canRun(InstructionSet set);

}  // namespace cv::mixmim
