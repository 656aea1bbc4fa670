// A run may be killed at any moment: what was saved before is there afterwards, whole.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

constexpr int kElements = 20000;  // so that a member takes several writes to the disk

/// Every number of the state of `step` is `step`.
TrainerState stateOf(int64_t step) {
  Tensor weights = Tensor::zeros({kElements});
  std::fill_n(weights.as<float>(), kElements, static_cast<float>(step));
  Tensor count = Tensor::zeros({}, DType::kI64);
  *count.as<int64_t>() = step;
  return {{{"norm.weight", weights}}, {{"norm.weight.exp_avg", weights}, {"step", count}}};
}

void expectStateOf(const std::string& checkpoint, int64_t step) {
  const TrainerState state = readTrainerState(checkpoint);
  const auto* weights = state.weights.at("norm.weight").as<float>();
  EXPECT_TRUE(
      std::all_of(weights, weights + kElements, [&](float v) { return v == static_cast<float>(step); }));
  EXPECT_EQ(*state.optimizer.at("step").as<int64_t>(), step);
}

/// Saves steps first, first + 1, ... as a training run does and reports each through the pipe. Three names in
/// turn, so that most checkpoints replace one. Never returns.
[[noreturn]] void saveForever(const std::string& run, int64_t first, int pipe) {
  CheckpointInfo info;
  info.config = resolve(Task::kPretrain, {});
  for (int64_t step = first;; ++step) {
    info.step = step;
    const std::string folder = run + "/checkpoints/step-" + std::to_string(step % 3);
    writeCheckpoint(folder, stateOf(step), info);
    if (::write(pipe, &step, sizeof step) != sizeof step) ::_exit(1);
    linkCheckpoint(folder, "last");
    pruneCheckpoints(run, 2);
  }
}

/// Runs saveForever in a process of its own, kills it after one to three times the duration of a save, at the
/// moment that `fraction` in [0, 1) says, and returns the last step it reported.
int64_t saveAndKill(const std::string& run, int64_t first, double fraction) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      saveForever(run, first, ends[1]);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
      ::_exit(1);
    }
  }
  ::close(ends[1]);
  const auto start = std::chrono::steady_clock::now();
  int64_t last = -1;
  EXPECT_EQ(::read(ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  std::this_thread::sleep_for(2 * fraction * (std::chrono::steady_clock::now() - start));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child stopped by itself";
  while (::read(ends[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) continue;
  ::close(ends[0]);
  return last;
}

TEST(Checkpoints, AKillAtAnyMomentLosesNothingThatWasSaved) {
  const char* wanted = std::getenv("MIXMIM_TEST_KILLS");  // for a longer run by hand
  const int kills = wanted ? std::stoi(wanted) : 60;
  const TempFolder run;
  Rng rng(1, 0, 0, Purpose::kShuffle);
  int64_t saved = -1;
  for (int kill = 0; kill < kills; ++kill) {
    saved = saveAndKill(run.path(), saved + 1, rng.uniform());
    std::vector<std::string> skipped;
    const std::string newest = newestCheckpoint(run.path(), &skipped);
    EXPECT_EQ(skipped, std::vector<std::string>{});
    ASSERT_FALSE(newest.empty()) << "after kill " << kill;
    const int64_t step = readCheckpointInfo(newest).step;
    // One that was complete and not reported yet counts as well.
    ASSERT_TRUE(step == saved || step == saved + 1) << step << ", saved " << saved << ", kill " << kill;
    expectStateOf(newest, step);
    const bool linked = std::filesystem::is_symlink(run / "checkpoints/last");
    EXPECT_TRUE(!linked || readCheckpointInfo(run.path()).step <= step);
    saved = step;
  }
}

}  // namespace
}  // namespace cv::mixmim::test
