// What a run leaves for people to look at: curves and pictures.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

#include "tests/support/event_reader.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::vector<json::object> metricsOf(const fs::path& run) {
  return jsonLinesOf(run / "metrics.jsonl");
}

/// The names in pictures/, sorted.
std::vector<std::string> picturesOf(const fs::path& run) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(run / "pictures")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Watching, CurvesAreTheMetrics) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 12);  // 6 steps per epoch
  ASSERT_EQ(mixmim(here, tinyRun("finetune", "run", "--run.logSteps 5 --run.validateEpochs 2")).exitCode, 0);
  int training = 0, validation = 0;
  for (const json::object& line : metricsOf(here / "run")) {
    const int64_t step = line.at("step").as_int64();
    for (const auto& [key, value] : line) {
      const std::string name = key;
      if (name == "step") continue;
      const bool isValidation = name.rfind("val_", 0) == 0;
      const std::string tag = isValidation ? "val/" + name.substr(4) : "train/" + name;
      const auto curve = curveOf(here / "run", tag);
      ASSERT_TRUE(curve.count(step)) << tag << " at " << step;
      EXPECT_FLOAT_EQ(curve.at(step), value.to_number<float>()) << tag << " at " << step;
    }
    ++(line.contains("val_top1") ? validation : training);
  }
  EXPECT_EQ(training, 6);    // of 30 steps
  EXPECT_EQ(validation, 3);  // after epochs 2 and 4, and at the end
  for (const char* tag :
       {"train/loss", "train/lr", "train/grad_norm", "train/images_per_second", "train/data_wait_percent",
        "train/memory", "train/epoch", "train/skipped_steps", "train/bad_images"})
    EXPECT_EQ(curveOf(here / "run", tag).size(), 6u) << tag;
  for (const char* tag : {"val/top1", "val/top5", "val/loss"})
    EXPECT_EQ(curveOf(here / "run", tag).size(), 3u) << tag;
}

TEST(Watching, AResumedRunContinuesTheCurves) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 20);
  const std::string options =
      "--epochs 100 --run.checkpointEpochs 0.7 --run.logSteps 1 --run.pictureEpochs 0 ";
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "whole", options)).exitCode, 0);
  ASSERT_EQ(interruptedRun(here, tinyRun("pretrain", "cut", options), here / "cut", SIGKILL), 128 + SIGKILL);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "cut", options + "--resume auto")).exitCode, 0);
  EXPECT_EQ(eventFilesIn(here / "cut").size(), 2u);
  const auto curve = curveOf(here / "cut", "train/loss");
  EXPECT_EQ(curve.size(), 1000u);
  EXPECT_EQ(curve, curveOf(here / "whole", "train/loss"));
  const std::vector<json::object> cut = metricsOf(here / "cut"), whole = metricsOf(here / "whole");
  ASSERT_EQ(cut.size(), whole.size());
  for (size_t i = 0; i < cut.size(); ++i) EXPECT_EQ(cut[i].at("loss"), whole[i].at("loss")) << i;
}

TEST(Watching, PicturesChangeNothing) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 12);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "blind", "--run.pictureEpochs 0")).exitCode, 0);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "seen", "--run.pictureEpochs 2 --val val")).exitCode, 0);
  EXPECT_EQ(picturesOf(here / "blind"), std::vector<std::string>());
  EXPECT_EQ(picturesOf(here / "seen"),
            (std::vector<std::string>{"reconstruction-00000012.png", "reconstruction-00000024.png",
                                      "reconstruction-00000030.png"}));
  EXPECT_EQ(finalState(here / "blind"), finalState(here / "seen"));
  EXPECT_EQ(curveOf(here / "blind", "train/loss"), curveOf(here / "seen", "train/loss"));
}

TEST(Watching, TensorBoardGetsTheSamePictures) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 12);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run")).exitCode, 0);
  const fs::path file = here / "run" / "pictures" / "reconstruction-00000030.png";
  EXPECT_EQ(cv::imread(file.string()).size(), cv::Size(5 * 230 - 6, 28 + 4 * 230));  // four pairs
  int found = 0;
  for (const Event& event : eventsIn(eventFilesIn(here / "run").at(0))) {
    if (event.pictures.empty()) continue;
    ++found;
    EXPECT_EQ(event.step, 30);
    EXPECT_EQ(event.pictures.at("reconstruction"), contentOf(file));
    EXPECT_EQ(cv::Size(event.width, event.height), cv::Size(5 * 230 - 6, 28 + 4 * 230));
  }
  EXPECT_EQ(found, 1);
}

/// The run's sheet is the one that `mixmim show` makes of the same pictures under the same mask.
TEST(Watching, SheetsAreThoseOfShow) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 1);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run", "--batch 2 --val val --seed 3")).exitCode, 0);
  ASSERT_EQ(mixmim(here,
                   "show --init run val/dark/0.png val/light/0.png --mask-seed 3 --out sheet.png "
                   "--run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so")
                .exitCode,
            0);
  const cv::Mat shown = cv::imread((here / "sheet.png").string()),
                logged = cv::imread((here / "run/pictures/reconstruction-00000005.png").string());
  ASSERT_EQ(shown.size(), logged.size());
  EXPECT_EQ(cv::norm(shown, logged, cv::NORM_INF), 0);
}

TEST(Watching, OverwritingRemovesWhatTheOldRunLeft) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 12);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run")).exitCode, 0);
  std::ofstream(here / "run" / "notes.txt") << "mine";
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run", "--epochs 1 --overwrite")).exitCode, 0);
  EXPECT_EQ(eventFilesIn(here / "run").size(), 1u);
  EXPECT_EQ(picturesOf(here / "run"), std::vector<std::string>{"reconstruction-00000006.png"});
  EXPECT_EQ(contentOf(here / "run" / "notes.txt"), "mine");
}

}  // namespace
}  // namespace cv::mixmim::test
