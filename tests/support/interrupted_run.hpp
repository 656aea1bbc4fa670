// Runs that are cut short from outside, and what a run leaves behind at its end.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <thread>

#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"
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

/// Starts `mixmim <arguments>`, silently.
inline pid_t startRun(const std::filesystem::path& folder, const std::string& arguments) {
  return startIn(folder, "exec " MIXMIM_PROGRAM " " + arguments + " >/dev/null 2>&1");
}

/// Starts a run in a child and sends `signal` some milliseconds after it has written its first checkpoint.
/// The exit code as a shell gives it.
inline int interruptedRun(const std::filesystem::path& folder, const std::string& arguments,
                          const std::filesystem::path& run, int signal, int delay = 20) {
  const pid_t child = startRun(folder, arguments);
  for (int i = 0; i < 4000 && !std::filesystem::exists(run / "checkpoints" / "last"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(delay));
  kill(child, signal);
  return waitForEnd(child);
}

/// Runs `command(out)` to its end as "whole", cut short and continued as "cut", and expects both to end the
/// same.
inline void expectTheUndisturbedEnd(const std::filesystem::path& here,
                                    const std::function<std::string(const std::string& out)>& command,
                                    int signal, int delay = 20) {
  const Outcome whole = mixmim(here, command("whole"));
  ASSERT_EQ(whole.exitCode, 0) << whole.err;
  const int code = interruptedRun(here, command("cut"), here / "cut", signal, delay);
  ASSERT_EQ(code, 128 + signal) << "the run was over before the signal came";
  ASSERT_LT(readCheckpointInfo((here / "cut").string()).step,
            readCheckpointInfo((here / "whole").string()).step);
  const Outcome resumed = mixmim(here, command("cut") + " --resume auto");
  ASSERT_EQ(resumed.exitCode, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("resumes cut/checkpoints/step-"), std::string::npos) << resumed.err;
  EXPECT_EQ(finalState(here / "cut"), finalState(here / "whole"));
}

}  // namespace cv::mixmim::test
