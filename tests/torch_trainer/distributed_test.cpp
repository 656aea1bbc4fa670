// The program with the real model as several processes: they do what one process does that takes all batches
// in turn.
#include <gtest/gtest.h>

#include <cmath>

#include <fmt/format.h>

#include "model_io/open_checkpoint.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

/// 40 pictures, 8 in a step of 4 batches: 5 steps in an epoch, 20 in all.
std::string run(const std::string& verb, const std::string& out, const std::string& more) {
  return verb + " --data train --out " + out + (verb == "finetune" ? " --val val" : "") +
         " --model small --size 32 --model.patchSize 2 --batch 2 --epochs 4 --threads 1 --run.logSteps 1 "
         "--run.keep 20 " +
         more;
}

/// Largest difference of a tensor's values, relative to its norm.
double difference(const TensorMap& a, const TensorMap& b) {
  double largest = 0;
  EXPECT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    if (tensor.dtype != DType::kF32) continue;
    double square = 0, apart = 0;
    const float *x = tensor.as<float>(), *y = b.at(name).as<float>();
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      square += static_cast<double>(x[i]) * x[i];
      apart += (static_cast<double>(x[i]) - y[i]) * (static_cast<double>(x[i]) - y[i]);
    }
    largest = std::max(largest, std::sqrt(apart / std::max(square, 1e-30)));
  }
  return largest;
}

/// Lines of metrics.jsonl without what depends on the machine.
std::vector<std::string> numbersOf(const fs::path& run) {
  std::vector<std::string> lines;
  for (boost::json::object line : jsonLinesOf(run / "metrics.jsonl")) {
    for (const char* name :
         {"images_per_second", "data_wait_percent", "memory", "communication_percent", "hidden_percent"})
      line.erase(name);
    lines.push_back(boost::json::serialize(line));
  }
  return lines;
}

class Distributed : public ::testing::Test {
 protected:
  Distributed() { makeData(here_, 20); }
  void train(const std::string& arguments) const {
    const Outcome outcome = mixmim(here_, arguments);
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  }
  /// The run as it was after `step` steps.
  void takeBackTo(const std::string& name, int step) const {
    for (const auto& entry : fs::directory_iterator(here_ / name / "checkpoints")) {
      const std::string folder = entry.path().filename().string();
      if (folder.rfind("step-", 0) != 0 || std::stoi(folder.substr(5)) > step) fs::remove_all(entry.path());
    }
  }
  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

TEST_F(Distributed, TwoProcessesAreOneThatAccumulatesTwoBatches) {
  const std::string more = "--optim.ema 0.9 --optim.clipNorm 1 --model.dropPath 0.1 ";
  train(run("pretrain", "one", more + "--optim.accumulate 2"));
  const Outcome two = mixmim(here_, run("pretrain", "two", more + "--nproc 2 --json"));
  ASSERT_EQ(two.exitCode, 0) << two.err;
  EXPECT_EQ(finalState(here_ / "two"), finalState(here_ / "one"));
  EXPECT_EQ(numbersOf(here_ / "two"), numbersOf(here_ / "one"));
  EXPECT_EQ(boost::json::parse(two.out).at("steps"), 40);  // nothing but the result on standard output
}

TEST_F(Distributed, FourProcessesAreOneThatAccumulatesFourBatches) {
  const std::string more = "--augment.randLayers 2 --augment.erase 0.25 ";
  train(run("finetune", "one", more + "--optim.accumulate 4"));
  train(run("finetune", "four", more + "--nproc 4"));
  EXPECT_EQ(finalState(here_ / "four"), finalState(here_ / "one"));
  EXPECT_EQ(numbersOf(here_ / "four"), numbersOf(here_ / "one"));  // accuracies too: every image counts once
  for (const char* name : {"model.safetensors", "optimizer.safetensors"}) {
    const fs::path file = fs::path("checkpoints/last") / name;
    EXPECT_EQ(contentOf(here_ / "four" / file), contentOf(here_ / "one" / file)) << name;
  }
  EXPECT_EQ(readCheckpointInfo((here_ / "four").string()).config.optim.accumulate, 4);
}

/// The sums are grouped differently then, and AdamW makes steps of the usual size out of gradients that are
/// nothing but rounding (those of the keys' biases are 0); a large eps keeps such steps small.
TEST_F(Distributed, ARunGoesOnWithAnyNumberOfProcesses) {
  const auto with = [](const std::string& more) {
    return run("pretrain", "run", "--optim.eps 1e-2 " + more);
  };
  train(with("--nproc 4"));
  const TrainerState undisturbed = readTrainerState((here_ / "run").string());
  takeBackTo("run", 5);
  train(with("--nproc 2 --resume auto"));
  takeBackTo("run", 10);
  const Outcome three = mixmim(here_, with("--nproc 3 --resume auto"));
  ASSERT_EQ(three.exitCode, 0) << three.err;
  EXPECT_NE(three.err.find("the 4 batches of a step cannot be shared evenly by 3 processes"),
            std::string::npos)
      << three.err;
  EXPECT_EQ(readCheckpointInfo((here_ / "run").string()).step, 20);
  EXPECT_LE(difference(undisturbed.weights, readTrainerState((here_ / "run").string()).weights), 1e-6);
  const Outcome five = mixmim(here_, with("--nproc 5 --resume auto"));
  EXPECT_EQ(five.exitCode, 1);
  EXPECT_NE(
      five.err.find("optim.accumulate: expected at least one batch per step for each of 5 processes, got 4"),
      std::string::npos)
      << five.err;
}

TEST_F(Distributed, ProcessesThatDoNotFitTogetherSayWhy) {
  const auto start = [&](const std::string& first, const std::string& second) {
    const std::string both =
        "export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$PORT; "
        "(RANK=1 LOCAL_RANK=1 " MIXMIM_PROGRAM " " +
        second +
        " 2>second; echo $? >>second) & "
        "RANK=0 LOCAL_RANK=0 " MIXMIM_PROGRAM " " +
        first + " 2>first; code=$?; wait; exit $code";
    const std::string port =
        "export PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); "
        "print(s.getsockname()[1])'); ";
    return runIn(here_, "{ " + port + both + "; }");
  };
  const Outcome outcome = start(run("pretrain", "run", ""), run("pretrain", "run", "--optim.lr 0.5"));
  EXPECT_EQ(outcome.exitCode, 1);
  for (const char* file : {"first", "second"})
    EXPECT_NE(
        contentOf(here_ / file).find("process 1: expected the settings of process 0, got 'optim.lr = 0.5'"),
        std::string::npos)
        << contentOf(here_ / file);
}

}  // namespace
}  // namespace cv::mixmim::test
