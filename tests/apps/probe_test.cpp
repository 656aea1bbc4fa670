// The linear classifier of `mixmim probe` as a file. Needs LibTorch, because features come from the trainer.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <opencv2/imgcodecs.hpp>

#include "model/parameters.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

/// Noise of two brightnesses that overlap, so that a classifier is right about some of it only.
void makeNoise(const fs::path& folder, int perClass) {
  cv::RNG random(7);
  for (const char* part : {"train", "val"})
    for (const int label : {0, 1}) {
      const fs::path target = folder / part / (label == 0 ? "dark" : "light");
      fs::create_directories(target);
      for (int i = 0; i < perClass; ++i) {
        cv::Mat picture(40, 48, CV_8UC3);
        random.fill(picture, cv::RNG::NORMAL, 100 + 10 * label + random.gaussian(12), 30);
        cv::imwrite((target / (std::to_string(i) + ".png")).string(), picture);
      }
    }
}

TEST(Probe, ItsFileAnswersAsItSays) {
  const TempFolder folder;
  const fs::path here = folder.path();
  constexpr int kPerClass = 24;
  makeNoise(here, kPerClass);
  const Config config = resolve(Task::kPretrain, {{"model", "small", ""}, {"size", "32", ""}});
  writeCheckpoint((here / "pre").string(), {initialWeights(config.model, Task::kPretrain, 1), {}},
                  {config, {}, 0, 0, "", -1});
  const auto answer = [&](const std::string& arguments) {
    const Outcome outcome = mixmim(here, arguments);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    return boost::json::parse(outcome.out);
  };
  const auto probe = answer("probe --init pre --data train --val val --out probe.onnx --json");
  const auto eval = answer("eval --model probe.onnx --data val --json");
  EXPECT_EQ(probe.at("images"), 2 * kPerClass);
  EXPECT_EQ(eval.at("top1"), probe.at("linear_top1"));
  EXPECT_GT(eval.at("top1").to_number<double>(), 0.5);
  EXPECT_LT(eval.at("top1").to_number<double>(), 1);
}

}  // namespace
}  // namespace cv::mixmim::test
