// A device reports its steps late. A run must say and do the same as with one that is punctual.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/support/fake_trainer/late_trainer.hpp"
#include "tests/support/program.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kLate = "--run.trainer " MIXMIM_TEST_PLUGINS "/late_trainer.so ";

/// Lines of metrics without numbers of time and memory, which are never the same.
std::vector<json::object> repeatable(const fs::path& run) {
  std::vector<json::object> lines = jsonLinesOf(run / "metrics.jsonl");
  for (json::object& line : lines)
    for (const char* name : {"images_per_second", "data_wait_percent", "memory", "device_memory"})
      line.erase(name);
  return lines;
}

class LateReports : public ::testing::Test {
 protected:
  LateReports() { makeData(here_, 12); }

  /// The same run twice, in folders "punctual" and "late".
  void runBoth(const std::string& verb, const std::string& more, int exitCode = 0) const {
    for (const bool late : {false, true}) {
      const std::string out = late ? "late" : "punctual";
      const Outcome outcome = mixmim(here_, tinyRun(verb, out, (late ? kLate : "") + more));
      ASSERT_EQ(outcome.exitCode, exitCode) << out << ": " << outcome.err;
    }
  }

  void expectSameFiles(const std::vector<const char*>& names) const {
    for (const char* name : names) {
      ASSERT_TRUE(fs::exists(here_ / "late" / name)) << name;
      EXPECT_EQ(contentOf(here_ / "late" / name), contentOf(here_ / "punctual" / name)) << name;
    }
  }

  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

TEST_F(LateReports, GiveTheSameMetrics) {
  const struct {
    const char *name, *verb, *more;
  } cases[] = {
      {"every step", "pretrain", "--run.logSteps 1"},
      {"some steps", "pretrain", "--run.logSteps 7"},
      {"validations between", "finetune", "--run.logSteps 4 --run.validateEpochs 0.5"},
      {"checkpoints between", "pretrain", "--run.logSteps 4 --run.checkpointEpochs 0.5 --run.keep 2"},
      {"parts of steps", "pretrain", "--run.logSteps 2 --accumulate 2"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    runBoth(c.verb, std::string("--overwrite ") + c.more);
    const std::vector<json::object> late = repeatable(here_ / "late");
    EXPECT_EQ(late, repeatable(here_ / "punctual"));
    EXPECT_GT(late.size(), 3u);
    expectSameFiles({"checkpoints/last/model.safetensors", "checkpoints/last/optimizer.safetensors"});
  }
}

TEST_F(LateReports, AreNotLostWhereARunIsResumed) {
  runBoth("pretrain", "--run.logSteps 1 --epochs 2");
  runBoth("pretrain", "--run.logSteps 1 --epochs 4 --resume auto");
  EXPECT_EQ(repeatable(here_ / "late"), repeatable(here_ / "punctual"));
  EXPECT_EQ(repeatable(here_ / "late").size(), 24u);
}

TEST_F(LateReports, OfSkippedStepsAreCounted) {
  runBoth("pretrain", "--optim.lr 100 --epochs 200 --optim.maxNonFinite 3 --run.checkpointEpochs 2", 1);
  EXPECT_EQ(repeatable(here_ / "late"), repeatable(here_ / "punctual"));
  expectSameFiles({"nonfinite.jsonl", "checkpoints/last/model.safetensors"});
}

TEST_F(LateReports, ComeWithTheMemoryOfTheDevice) {
  runBoth("pretrain", "--run.logSteps 6");
  EXPECT_EQ(jsonLinesOf(here_ / "late/metrics.jsonl").front().at("device_memory"), 12);
  EXPECT_FALSE(jsonLinesOf(here_ / "punctual/metrics.jsonl").front().contains("device_memory"));
  EXPECT_NE(contentOf(here_ / "late/metrics.csv").find(",device_memory\n"), std::string::npos);
}

TEST_F(LateReports, ATriedRunMeasuresWarmStepsAndTheDevice) {
  const std::string tried = tinyRun("pretrain", "none", std::string(kLate) + "--dry-run ");
  const json::value result = json::parse(mixmim(here_, tried + "--json").out);
  EXPECT_LT(result.at("ms_per_batch").to_number<double>(), LateTrainer::kFirstStepMs / 6.0);
  EXPECT_EQ(result.at("device_memory_mb"), (json::object{{"peak", 12}, {"total", 640}}));
  const std::string said = mixmim(here_, tried).out;
  EXPECT_NE(said.find("             measured 12 of 640 MB of the device\n"), std::string::npos) << said;
}

TEST_F(LateReports, ABenchmarkMeasuresWarmStepsAndTheDevice) {
  const Outcome outcome =
      mixmim(here_, std::string("bench train --model small --size 16 --batch 4 --seconds 1 --json ") + kLate);
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  const json::value result = json::parse(outcome.out);
  EXPECT_LT(result.at("ms_per_step").to_number<double>(), LateTrainer::kFirstStepMs / 6.0);
  EXPECT_EQ(result.at("device_peak_memory_mb"), 12);
  EXPECT_EQ(result.at("device_memory_mb"), 640);
}

}  // namespace
}  // namespace cv::mixmim::test
