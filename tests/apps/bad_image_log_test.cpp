// Images that could not be used are known, and on the disk, while a run goes on.
#include "run/bad_image_log.hpp"

#include <gtest/gtest.h>

#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/thread_world.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

BadImage bad(const std::string& path, int64_t epoch, int64_t position) {
  return {path, 0, "broken", epoch, position, "other.jpg"};
}

/// "a.jpg 0 3, " for every line of the list: path, epoch and position.
std::string listIn(const fs::path& run) {
  std::string list;
  for (const json::object& line : jsonLinesOf(run / "bad_images.jsonl"))
    list += std::string(line.at("path").as_string()) + " " + json::serialize(line.at("epoch")) + " " +
            json::serialize(line.at("position")) + ", ";
  return list;
}

Config configOf(const fs::path& run) {
  Config config;
  config.run.out = run.string();
  return config;
}

TEST(BadImageLog, GrowsAndIsPutInOrderAtTheEnd) {
  const TempFolder here;
  RunFolder folder(configOf(here.path()));
  const auto world = aloneInTheWorld();
  std::vector<BadImage> found;
  BadImageLog log(folder, *world, [&](size_t skipped) {
    return std::vector<BadImage>(found.begin() + static_cast<std::ptrdiff_t>(skipped), found.end());
  });
  EXPECT_EQ(log.update(false), "");
  found = {bad("late.jpg", 1, 3), bad("b.jpg", 0, 8)};
  EXPECT_EQ(log.update(false),
            "late.jpg could not be used, another picture takes its place: broken; all such go into " +
                folder.path() + "/bad_images.jsonl");
  EXPECT_EQ(log.update(false), "");
  EXPECT_EQ(listIn(here.path()), "late.jpg 1 3, b.jpg 0 8, ");
  found[0].epoch = 0;
  found.push_back(bad("c.jpg", 0, 1));
  EXPECT_EQ(log.update(true), "");
  EXPECT_EQ(listIn(here.path()), "late.jpg 1 3, b.jpg 0 8, c.jpg 0 1, ");
  EXPECT_EQ(log.count(), 3);
  log.finish(true);
  EXPECT_EQ(listIn(here.path()), "c.jpg 0 1, late.jpg 0 3, b.jpg 0 8, ");
}

TEST(BadImageLog, OfSeveralProcessesNamesEveryImageOnce) {
  const TempFolder here;
  inThreads(2, [&](World& world) {
    RunFolder folder(configOf(here.path()), world.rank() == 0);
    const BadImage own = world.rank() == 0 ? bad("a.jpg", 0, 2) : bad("b.jpg", 0, 1),
                   both = bad("c.jpg", 0, 3);
    BadImageLog log(folder, world, [&](size_t skipped) {
      return skipped == 0 ? std::vector<BadImage>{own, both} : std::vector<BadImage>();
    });
    log.update(false);
    if (world.rank() == 0) {
      EXPECT_EQ(listIn(here.path()), "") << "the others were not asked";
    }
    log.update(true);
    EXPECT_EQ(log.count(), 3);
    if (world.rank() == 0) {
      EXPECT_EQ(listIn(here.path()), "a.jpg 0 2, c.jpg 0 3, b.jpg 0 1, ");
    }
    log.finish(true);
  });
  EXPECT_EQ(listIn(here.path()), "b.jpg 0 1, a.jpg 0 2, c.jpg 0 3, ");
}

TEST(BadImageLog, SurvivesAKilledRunAndIsContinued) {
  const TempFolder folder;
  const fs::path here = folder.path(), run = here / "run";
  makeData(here, 20);
  std::ofstream(here / "train" / "dark" / "3.png") << "no picture";
  const std::string command =
      tinyRun("pretrain", "run", "--epochs 300 --run.logSteps 1 --run.checkpointEpochs 1 ");
  const pid_t child = startRun(here, command);
  for (int i = 0; i < 4000 && contentOf(run / "metrics.jsonl").find("\"bad_images\":1") == std::string::npos;
       ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  kill(child, SIGKILL);
  ASSERT_EQ(waitForEnd(child), 128 + SIGKILL) << "the run was over before it was killed";
  const auto bad = jsonLinesOf(run / "bad_images.jsonl");
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_EQ(bad[0].at("path"), "train/dark/3.png");
  EXPECT_NE(contentOf(run / "train.log")
                .find("  train/dark/3.png could not be used, another picture takes its place: "),
            std::string::npos);
  const Outcome report = mixmim(here, "report run --json");
  EXPECT_NE(report.out.find("\"bad_files\":1"), std::string::npos) << report.out << report.err;
  const Outcome resumed = mixmim(here, command + "--resume auto");
  EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
  EXPECT_EQ(resumed.err.find("takes its place"), std::string::npos) << "it was said already: " << resumed.err;
  EXPECT_EQ(jsonLinesOf(run / "bad_images.jsonl").size(), 1u);
  EXPECT_EQ(jsonLinesOf(run / "metrics.jsonl").back().at("bad_images"), 1);
}

}  // namespace
}  // namespace cv::mixmim::test
