// Runs that are cut short from outside, and what a run leaves behind at its end.
#pragma once

#include <csignal>
#include <thread>

#include "model_io/checkpoint.hpp"
#include "tests/support/program.hpp"

namespace cv::mixmim::test {

/// Weights and moments at the end of a run, as bytes.
inline std::string finalState(const std::filesystem::path& run) {
  const TrainerState state = readTrainerState(run.string());
  std::string bytes;
  for (const TensorMap& map : {state.weights, state.optimizer})
    for (const auto& [name, tensor] : map)
      bytes += name + std::string(reinterpret_cast<const char*>(tensor.bytes.data), tensor.bytes.total());
  return bytes;
}

/// Starts a run in a child and sends `signal` some milliseconds after it has written its first checkpoint.
/// The exit code as a shell gives it.
inline int interruptedRun(const std::filesystem::path& folder, const std::string& arguments,
                          const std::filesystem::path& run, int signal, int delay = 20) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string command =
        "cd '" + folder.string() + "' && exec " MIXMIM_PROGRAM " " + arguments + " >/dev/null 2>&1";
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  for (int i = 0; i < 4000 && !std::filesystem::exists(run / "checkpoints" / "last"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(delay));
  kill(child, signal);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cv::mixmim::test
