// Running the built program and looking at what it says.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <opencv2/imgcodecs.hpp>

#include "opencv2/mixmim/train/random.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {

struct Outcome {
  int exitCode = -1;
  std::string out, err;
};

/// The objects of a file that has one per line.
inline std::vector<boost::json::object> jsonLinesOf(const std::filesystem::path& path) {
  std::vector<boost::json::object> objects;
  std::istringstream text(contentOf(path));
  for (std::string line; std::getline(text, line);) objects.push_back(boost::json::parse(line).as_object());
  return objects;
}

/// The exit code as a shell gives it.
inline int exitCodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Runs a command through the shell, inside `folder`.
inline Outcome runIn(const std::filesystem::path& folder, const std::string& command) {
  const int status = std::system(("cd '" + folder.string() + "' && " + command + " >.out 2>.err").c_str());
  return {exitCodeOf(status), contentOf(folder / ".out"), contentOf(folder / ".err")};
}

/// Starts a command through the shell, inside `folder`, and does not wait for it. One that begins with
/// "exec", after variables, takes the shell's place, so that signals reach it.
inline pid_t startIn(const std::filesystem::path& folder, const std::string& command) {
  const std::string whole = "cd '" + folder.string() + "' && " + command;
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", whole.c_str(), nullptr);
    _exit(127);
  }
  return child;
}

/// Waits for the end of a child.
inline int waitForEnd(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return exitCodeOf(status);
}

/// Runs `mixmim <arguments>`.
inline Outcome mixmim(const std::filesystem::path& folder, const std::string& arguments) {
  return runIn(folder, MIXMIM_PROGRAM " " + arguments);
}

/// Two classes, light and dark, `perClass` pictures each of 24 x 20 pixels, in folder/train and folder/val.
inline void makeData(const std::filesystem::path& folder, int perClass) {
  for (const char* part : {"train", "val"})
    for (int label = 0; label < 2; ++label) {
      const std::filesystem::path target = folder / part / (label ? "light" : "dark");
      std::filesystem::create_directories(target);
      for (int i = 0; i < perClass; ++i) {
        Rng rng(7, static_cast<uint64_t>(i), static_cast<uint32_t>(label), Purpose::kShapes);
        const double base = label ? 170 : 60;
        const cv::Scalar colour(base + rng.uniform(-30, 30), base + rng.uniform(-30, 30),
                                base + rng.uniform(-30, 30));
        cv::imwrite((target / (std::to_string(i) + ".png")).string(), cv::Mat(20, 24, CV_8UC3, colour));
      }
    }
}

/// Options of a tiny run with the fake trainer on makeData's pictures, except those that `more` gives.
inline std::string tinyRun(const std::string& verb, const std::string& out, const std::string& more = "") {
  std::string options = verb + " --out " + out;
  const auto add = [&](const std::string& name, const std::string& value) {
    if ((" " + more).find(" " + name + " ") == std::string::npos) options += " " + name + " " + value;
  };
  add("--run.trainer", MIXMIM_TEST_PLUGINS "/fake_trainer.so");
  add("--data", "train");
  if (verb == "finetune") add("--val", "val");
  add("--model", "small");
  add("--size", "16");
  add("--batch", "4");
  add("--epochs", "5");
  return options + " " + more;
}

}  // namespace cv::mixmim::test
