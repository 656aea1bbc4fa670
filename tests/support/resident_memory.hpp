// Memory of the machine that this process holds.
#pragma once

#include <unistd.h>

#include <fstream>

namespace cv::mixmim::test {

/// In bytes, at this moment.
inline size_t residentMemory() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace cv::mixmim::test
