// Several processes of this program on one machine, as torchrun would start them.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// Starts `count` processes of this program with these arguments and waits for them. Signals that end a run
/// or ask for a checkpoint are passed on to all of them. When one fails, the others are ended (first
/// politely) and the cause is told on stderr. If this process is killed, so are they. Returns the exit code
/// of the run.
int runProcesses(int count, const std::vector<std::string>& arguments);

}  // namespace cv::mixmim
