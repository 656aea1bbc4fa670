// Runs that are only tried.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "opencv2/mixmim/train/options.hpp"
#include "run/memory_estimate.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::set<fs::path> filesBelow(const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) files.insert(entry.path());
  return files;
}

class DryRun : public ::testing::Test {
 protected:
  void SetUp() override {
    makeData(here_, 12);
    ASSERT_EQ(mixmim(here_, "--help").exitCode,
              0);  // leaves its output files, which are not to be counted as new
  }

  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

TEST_F(DryRun, MeasuresAndEstimates) {
  for (const char* verb : {"pretrain", "finetune"}) {
    SCOPED_TRACE(verb);
    const std::set<fs::path> before = filesBelow(here_);
    const Outcome outcome = mixmim(here_, tinyRun(verb, "run", "--accumulate 2 --dry-run --json"));
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(filesBelow(here_), before);
    const json::object result = json::parse(outcome.out).as_object();
    EXPECT_EQ(result.at("images"), 24);
    EXPECT_EQ(result.at("classes"), 2);
    EXPECT_EQ(result.at("steps_per_epoch"), 3);
    EXPECT_EQ(result.at("steps"), 15);
    EXPECT_EQ(result.at("steps_left"), 15);
    EXPECT_EQ(result.at("measured_batches"), 3);
    const auto number = [&](const char* name) { return result.at(name).to_number<double>(); };
    EXPECT_GT(number("images_per_second"), 0);
    EXPECT_NEAR(number("estimated_seconds"), 15 * 2 * 4 / number("images_per_second"), 1e-9);
    EXPECT_GT(number("peak_memory_mb"), 1);
    EXPECT_GT(number("parameters"), 100000);
    double sum = 0;
    for (const char* part :
         {"program", "weights", "gradients", "moments", "average", "activations", "batches"})
      sum += result.at("estimated_memory_mb").at(part).to_number<double>();
    EXPECT_NEAR(result.at("estimated_memory_mb").at("total").to_number<double>(), sum, 1e-9);
  }
}

TEST_F(DryRun, SpeaksToPeople) {
  const Outcome outcome =
      mixmim(here_,
             "pretrain --data train --dry-run --model small --size 16 --batch 4 --epochs 5 "
             "--run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;  // a folder need not be named
  for (const char* text : {"settings, data, plugin and weights fit together; nothing was written\n",
                           "images       24 in train\n", "steps        6 per epoch, 30 in all, 30 to go\n",
                           "memory       estimated ", "speed        measured ", "time         estimated "})
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text << "\n" << outcome.out;
}

TEST_F(DryRun, AResumedRunHasLessLeft) {
  ASSERT_EQ(mixmim(here_, tinyRun("pretrain", "run", "--epochs 2")).exitCode, 0);
  fs::rename(here_ / "run/checkpoints/step-00000012", here_ / "kept");
  const Outcome outcome =
      mixmim(here_, tinyRun("pretrain", "run", "--epochs 2 --resume kept --dry-run --json"));
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("steps_left"), 0);
  EXPECT_EQ(json::parse(outcome.out).at("estimated_seconds").to_number<double>(), 0);
}

/// Every file below a folder, with its content and the time of its last change.
std::map<fs::path, std::pair<std::string, fs::file_time_type>> stateOf(const fs::path& folder) {
  std::map<fs::path, std::pair<std::string, fs::file_time_type>> state;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_symlink())
      state[entry.path()] = {entry.is_regular_file() ? contentOf(entry.path()) : "",
                             fs::last_write_time(entry.path())};
  return state;
}

TEST_F(DryRun, TouchesNothingOfARunItWouldResume) {
  ASSERT_EQ(mixmim(here_, tinyRun("finetune", "run", "--epochs 2 --run.keep 2")).exitCode, 0);
  const fs::path checkpoints = here_ / "run/checkpoints";
  // A kill in the middle of a replacement; and steps after the checkpoint, which a resumed run repeats.
  fs::rename(checkpoints / "step-00000012", checkpoints / ".step-00000012.old");
  std::ofstream(here_ / "run/metrics.jsonl", std::ios::app) << "{\"step\":99,\"loss\":1}\n";
  const auto before = stateOf(here_ / "run");
  const Outcome outcome =
      mixmim(here_, tinyRun("finetune", "run", "--epochs 2 --resume auto --dry-run --json"));
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("steps_left"), 0);
  EXPECT_EQ(json::parse(outcome.out).at("measured_batches"), 3);
  EXPECT_EQ(stateOf(here_ / "run"), before);
}

TEST_F(DryRun, FailsWhereTheRunWould) {
  ASSERT_EQ(mixmim(here_, tinyRun("pretrain", "run", "--epochs 1")).exitCode, 0);
  const struct {
    const char *name, *more, *message;
  } cases[] = {
      {"existing run", "",
       "mixmim: error: run: there is a run in this folder already; --resume auto continues it, --overwrite "
       "starts "
       "anew\n"},
      {"missing weights", "--overwrite --init nothing",
       "mixmim: error: nothing: there is no such checkpoint; name a checkpoint folder, a file in it, or a "
       "run "
       "folder\n"},
      {"missing data", "--overwrite --data nowhere",
       "mixmim: error: nowhere: no such folder or file; check the path\n"},
      {"missing plugin", "--overwrite --run.trainer ./none.so",
       "mixmim: error: ./none.so: there is no such plugin file\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::set<fs::path> before = filesBelow(here_);
    const Outcome outcome = mixmim(here_, tinyRun("pretrain", "run", std::string("--dry-run ") + c.more));
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_NE(outcome.err.find(c.message), std::string::npos) << outcome.err;
    EXPECT_EQ(filesBelow(here_), before);
  }
}

/// Against numbers worked out by hand for a model of one stage: 8 px, patches of 4 px, so 2 x 2 tokens.
TEST(MemoryEstimate, CountsWhatIsKept) {
  Config config;
  config.run.task = Task::kFinetune;
  config.model.imageSize = {8, 8};
  config.model.patchSize = 4;
  config.model.embedDim = 8;
  config.model.depths = {2};
  config.model.headDim = 4;
  config.model.mlpRatio = 2;
  config.model.classes = 3;
  config.data.batch = 5;
  config.data.ring = 4;
  const MemoryEstimate memory = estimateMemory(config);
  // Patch embedding 48 * 8 + 8 + 16, two blocks of 16 + 9 * 2 + 216 + 72 + 16 + 144 + 136, norm 16, head 27.
  const int64_t parameters = 408 + 2 * 618 + 16 + 27;
  EXPECT_EQ(memory.parameters, parameters);
  EXPECT_EQ(memory.weights, 4.0 * (parameters + 4 * 8));  // and the frozen position embedding
  EXPECT_EQ(memory.gradients, 4.0 * parameters);
  EXPECT_EQ(memory.moments, 8.0 * parameters);
  EXPECT_EQ(memory.average, 0);
  // Per token 8 numbers per channel in each of two blocks, 2 around the last norm, 1 at the embedding; three
  // copies of the pixels; and what a heap wastes.
  EXPECT_DOUBLE_EQ(memory.activations, 1.3 * 4 * 5 * (4 * (2 * 64 + 16 + 8) + 3 * 192));
  EXPECT_EQ(memory.batches, 3.0 * 8 * 8 * 5 * 4);
  config.optim.ema = 0.999;
  EXPECT_EQ(estimateMemory(config).average, 4.0 * parameters);
}

/// torch_trainer was measured at 2551 and 3296 MB for 4 and 8 images, libraries included.
TEST(MemoryEstimate, IsOfTheRightSizeForTheBaseModel) {
  const std::pair<const char*, double> measured[] = {{"4", 2551}, {"8", 3296}};
  for (const auto& [batch, megabytes] : measured) {
    const Config config = resolve(Task::kPretrain, {{"batch", batch, ""}});
    EXPECT_NEAR(estimateMemory(config).total() / (1 << 20), megabytes, megabytes / 10) << batch;
  }
}

}  // namespace
}  // namespace cv::mixmim::test
