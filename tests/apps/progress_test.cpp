// What long work shows while it lasts, in terminals of every width and elsewhere.
#include "terminal/progress.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/terminal.hpp"

namespace cv::mixmim::test {
namespace {

TEST(ProgressLine, FitsTheTerminal) {
  const struct {
    size_t columns;
    const char* line;
  } cases[] = {
      {100, "pretrain [######..................] 25/100  eta 1:05  loss 0.5  90 img/s"},
      {72, "pretrain [######..................] 25/100  eta 1:05  loss 0.5  90 img/"},
      {71, "pretrain 25% eta 1:05 loss 0.5  90 img/s"},
      {40, "pretrain 25% eta 1:05 loss 0.5  90 img/"},
      {30, "pretrain 25% eta 1:05 loss 0."},
      {20, "pretrain 25% eta 1:"},
      {1, ""},
      {0, ""},
  };
  for (const auto& c : cases) {
    const std::string line = progressLine("pretrain", 25, 100, "1:05", "loss 0.5  90 img/s", c.columns);
    EXPECT_EQ(line, c.line) << c.columns;
    EXPECT_LT(line.size(), std::max<size_t>(c.columns, 1));
  }
  EXPECT_EQ(progressLine("pack", 0, 0, "0:00", "", 40), "pack 100% eta 0:00 ");
}

class InTerminal : public ::testing::Test {
 protected:
  void SetUp() override { makeData(folder_.path(), 12); }

  /// Everything but the sentences of the run, as the lines that a terminal was asked to draw.
  std::vector<std::string> drawn(const std::string& arguments, unsigned short columns,
                                 const std::string& environment = "") {
    int exitCode = -1;
    output_ = inTerminal(folder_.path(), arguments, columns, environment, exitCode);
    EXPECT_EQ(exitCode, 0) << output_;
    std::vector<std::string> lines;
    std::istringstream pieces(output_);
    for (std::string piece; std::getline(pieces, piece, '\r');)
      if (piece.find("eta ") != std::string::npos) lines.push_back(piece);
    return lines;
  }

  const TempFolder folder_;
  std::string output_;
};

TEST_F(InTerminal, EveryWidthIsKept) {
  for (const unsigned short columns : {20, 32, 40, 80, 200})
    for (const char* verb : {"pretrain", "finetune"}) {
      SCOPED_TRACE(std::string(verb) + " " + std::to_string(columns));
      const auto lines = drawn(tinyRun(verb, verb, "--overwrite --epochs 2"), columns);
      ASSERT_FALSE(lines.empty()) << output_;
      for (const std::string& line : lines) EXPECT_LT(line.find_last_not_of("\n") + 1, columns) << line;
    }
}

TEST_F(InTerminal, TheBarTellsWhatMatters) {
  const auto lines = drawn(tinyRun("pretrain", "run", "--epochs 2"), 200);
  ASSERT_FALSE(lines.empty());
  for (const char* part :
       {"pretrain [########################] 12/12", "eta 0:00", "loss ", "img/s", "data wait "})
    EXPECT_NE(lines.back().find(part), std::string::npos) << part << " in " << lines.back();
  const auto check = drawn("check --data train", 200);
  EXPECT_NE(check.back().find(" images/s"), std::string::npos) << check.back();
}

/// Every command that shows a bar, and how its result begins.
TEST_F(InTerminal, TheResultBeginsALineOfItsOwn) {
  const std::string trainer = " --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so";
  const struct {
    std::string arguments, result;
  } cases[] = {{"make-shapes --out shapes --per-class 1 --size 32", "20 pictures of"},
               {"check --data train", "24 images"},
               {"pack --data train --out shards", "24 images in"},
               {"augment --data train --out look --count 4 --size 32 --model small", "4 pictures in"},
               {tinyRun("pretrain", "pre"), "30 steps done"},
               {tinyRun("finetune", "fine", "--dry-run"), "settings, data"},
               {tinyRun("finetune", "fine"), "30 steps done"},
               {"eval --data val --model fine" + trainer, "24 images, "},
               {"probe --init fine --data train --val val" + trainer, "linear probe"},
               {"export --model small --size 32 --model.classes 2 --labels labels.txt --out model.onnx "
                "--run.trainer ./none.so",
                "model.onnx: "},
               {"eval --data val --model model.onnx", "24 images, "},
               {"features --model model.onnx --out f.npy val/dark/0.png val/dark/1.png", "2 "},
               {"report --data val fine" + trainer, "fine/report.html"},
               {"show --init pre --out sheet.png val/dark/0.png val/dark/1.png" + trainer, "sheet.png"}};
  writeFile(folder_.path() / "labels.txt", std::string("dark\nlight\n"));
  for (const auto& c : cases) {
    SCOPED_TRACE(c.arguments);
    drawn(c.arguments, 100);
    output_ = "\n" + output_;
    const size_t bar = output_.rfind("eta "), result = output_.find("\n" + c.result);
    EXPECT_NE(result, std::string::npos) << output_;
    EXPECT_TRUE(bar == std::string::npos || bar < result) << output_;
  }
}

/// There are no colours, with or without NO_COLOR: no escape sequence at all.
TEST_F(InTerminal, NothingIsColoured) {
  for (const char* environment : {"", "NO_COLOR=1", "TERM=dumb"})
    for (const std::string& arguments : {std::string("--help"), std::string("check --data train"),
                                         tinyRun("pretrain", "run", "--overwrite --epochs 1")}) {
      int exitCode = -1;
      const std::string output = inTerminal(folder_.path(), arguments, 80, environment, exitCode);
      EXPECT_EQ(exitCode, 0);
      EXPECT_EQ(output.find('\033'), std::string::npos) << output;
    }
}

/// Elsewhere a short piece of work leaves no line behind.
TEST_F(InTerminal, NoTerminalNoBar) {
  const Outcome outcome = mixmim(folder_.path(), "check --data train");
  EXPECT_EQ(outcome.exitCode, 0);
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace cv::mixmim::test
