#include "processes/launcher.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "processes/processes.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

using namespace std::chrono_literals;

/// Two processes that run a script, in an empty folder.
struct Case {
  std::string name, script;
  std::chrono::milliseconds patience;
  int exitCode;
  std::string said;  ///< (N) stands for the number of a process
};

int launch(const Case& c) {
  const TempFolder folder;
  std::filesystem::current_path(folder.path());
  return runProcesses(2, {{"-c", c.script}, "/bin/sh"}, c.patience);
}

/// A regular expression for this text and no other.
std::string exactly(const std::string& text) {
  std::string pattern = "^";
  for (const char c : text) {
    if (std::string("().").find(c) != std::string::npos) pattern += '\\';
    pattern += c == 'N' ? "[0-9]+" : std::string{c};
  }
  return pattern + "$";
}

void expectOutcome(const Case& c) {
  SCOPED_TRACE(c.name);
  EXPECT_EXIT(std::exit(launch(c)), ::testing::ExitedWithCode(c.exitCode), exactly(c.said));
}

TEST(Launcher, JudgesTheEndsOfItsProcesses) {
  const std::string failed =
                        "mixmim: error: process 0 of 2 (N) ended with exit code 3; the others are ended\n",
                    stayed =
                        "mixmim: error: process 1 of 2 (N) did not end within 0.2 s of another and is "
                        "killed\n";
  const Case cases[] = {
      {"all end well", "exit 0", 30s, 0, ""},
      {"they know who they are",
       "[ $RANK = 0 ] || echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $MASTER_ADDR >&2", 30s, 0,
       "1/2 1/2 127.0.0.1\n"},
      {"a checkpoint is asked for before they listen", "[ $RANK = 0 ] && kill -USR1 $PPID; sleep 0.1; exit 0",
       30s, 0, ""},
      {"one fails", "[ $RANK = 0 ] && exit 3; exec sleep 60", 30s, 1, failed},
      {"one is killed", "[ $RANK = 0 ] && kill -KILL $$; exec sleep 60", 30s, 1,
       "mixmim: error: process 0 of 2 (N) was killed by signal 9 (Killed); the others are ended\n"},
      {"one fails, the other is frozen", "[ $RANK = 1 ] && kill -STOP $$; sleep 0.1; exit 3", 30s, 1, failed},
      {"one fails, the other does not listen",
       "[ $RANK = 1 ] && trap '' TERM && : >deaf && exec sleep 60; while [ ! -e deaf ]; do :; done; exit 3",
       200ms, 1, failed + stayed},
      {"one stays behind after a good end", "[ $RANK = 0 ] || exec sleep 60", 200ms, 1, stayed},
      {"one is frozen after a good end", "[ $RANK = 0 ] || kill -STOP $$", 200ms, 1, stayed},
      {"one stays behind after an interruption", "[ $RANK = 0 ] && exit 143; exec sleep 60", 200ms, 143,
       stayed},
  };
  for (const Case& c : cases) expectOutcome(c);
}

TEST(Launcher, PassesSignalsOn) {
  const std::pair<std::string, int> signals[] = {{"TERM", 143}, {"INT", 130}, {"HUP", 129}};
  for (const auto& [signal, exitCode] : signals) {
    const std::string caught = "trap 'exit " + std::to_string(exitCode) + "' " + signal,
                      bothReady = "; : >$RANK; while [ ! -e 0 ] || [ ! -e 1 ]; do :; done; ",
                      sent = "[ $RANK = 0 ] && kill -" + signal + " $PPID",
                      waits = "; while :; do sleep 0.01; done";
    expectOutcome({signal, caught + bothReady + sent + waits, 30s, exitCode, ""});
  }
}

/// The trainer is one that finds two GPUs, except in the last cases.
TEST(TakeOwnShare, GivesEveryProcessAGpuThatItsTrainerFinds) {
  const std::string two = MIXMIM_TEST_PLUGINS "/late_trainer.so",
                    none = MIXMIM_TEST_PLUGINS "/fake_trainer.so";
  const struct {
    const char* name;
    std::string trainer;
    int size, localRank;
    const char *device, *expected;
  } cases[] = {
      {"first", two, 4, 0, "cuda", "cuda:0"},  {"second", two, 4, 1, "cuda", "cuda:1"},
      {"shared", two, 4, 2, "cuda", "cuda:0"}, {"alone", two, 1, 0, "cuda", "cuda"},
      {"said", two, 4, 1, "cuda:0", "cuda:0"}, {"processor", two, 4, 1, "cpu", "cpu"},
      {"no GPU", none, 4, 3, "cuda", "cuda"},
  };
  for (const auto& c : cases) {
    Config config;
    config.run.trainer = c.trainer;
    config.run.device = c.device;
    Launch launch;
    launch.size = c.size;
    launch.localRank = c.localRank;
    takeOwnShare(config, launch);
    EXPECT_EQ(config.run.device, c.expected) << c.name;
  }
}

}  // namespace
}  // namespace cv::mixmim::test
