#pragma once

#include <string>

namespace cv::mixmim {

/// CPU cores this process may use, at least 1: its affinity mask, further limited by the quota of its control
/// group, which a container sets and std::thread::hardware_concurrency() does not know. OMP_NUM_THREADS is
/// not asked, because launchers set it to 1.
int availableCores();

/// The CPU quota of a Linux control group (version 1 or 2), in cores; infinity without a limit. `root` stands
/// for "/", so that a test can bring its own files.
double cgroupCores(const std::string& root = "");

/// `requested` if positive, else all available cores.
int workerCount(int requested);

}  // namespace cv::mixmim
