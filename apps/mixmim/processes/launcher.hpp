// Several processes of this program on one machine, as torchrun would start them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace cv::mixmim {

/// The command that each of the processes runs.
struct Command {
  std::vector<std::string> arguments;
  std::string program = "/proc/self/exe";  ///< this one
};

/// Starts `count` processes and waits for them. Signals that end a run or ask for a checkpoint are passed on
/// to all of them. When one fails, the others are ended (first politely) and the cause is told on stderr;
/// those still running `patience` after the end of the first, with or without a failure, are named and
/// killed. If this process is killed, so are they. Returns the exit code of the run.
int runProcesses(int count, const Command& command,
                 std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace cv::mixmim
