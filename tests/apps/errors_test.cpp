// One clear error for each thing that goes wrong, with its exit code: 1 failed, 2 wrong usage.
#include <gtest/gtest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

struct Case {
  const char* name;
  std::string arguments;
  int exitCode;
  std::string message;  ///< the last line of stderr
};

std::string lastLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

TEST(Program, SaysWhatIsWrong) {
  const TempFolder folder;
  const std::filesystem::path here = folder.path();
  makeData(here, 4);
  std::filesystem::create_directories(here / "empty");
  std::ofstream(here / "file") << "text";
  std::ofstream(here / "bad.ini") << "[optim]\nlrr = 1\n";
  std::filesystem::create_directories(here / "broken");
  std::ofstream(here / "broken" / "state.json") << "{\"format\": 1";
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run")).exitCode, 0);
  const std::string otherAbi = MIXMIM_TEST_PLUGINS "/other_abi.so";

  const Case cases[] = {
      {"unknown verb", "pretrian", 2, "mixmim: error: unknown verb 'pretrian'; did you mean 'pretrain'?"},
      {"unknown option", "pretrain --epoch 3", 2,
       "mixmim: error: mixmim pretrain: unknown option '--epoch'; did you mean '--epochs'?"},
      {"unknown key", tinyRun("pretrain", "new", "--config bad.ini"), 2,
       "mixmim: error: bad.ini:2: unknown key 'optim.lrr'; did you mean 'optim.lr'?"},
      {"missing value", "pretrain --epochs", 2,
       "mixmim: error: mixmim pretrain: the required argument for option '--epochs' is missing; `mixmim "
       "pretrain --help` lists all options"},
      {"word too many", "pretrain photos", 2,
       "mixmim: error: mixmim pretrain: takes options only; `mixmim pretrain --help` lists all options"},
      {"image size", tinyRun("pretrain", "new", "--size 40"), 2,
       "mixmim: error: model.imageSize: expected a multiple of the stride 16 (patchSize 4 * 2^2), got 40; "
       "try 48"},
      {"no data", "pretrain --out new", 1,
       "mixmim: error: data.train: a run needs training images; name them with --data SRC"},
      {"missing folder", "pretrain --data nowhere --out new", 1,
       "mixmim: error: nowhere: no such folder or file; check the path"},
      {"unreadable folder", "pretrain --data file --out new", 1,
       "mixmim: error: file: the pictures it lists are not there, './text' for example; --root DIR says "
       "where "
       "its paths begin"},
      {"empty folder", "pretrain --data empty --out new", 1,
       "mixmim: error: empty: holds no image, expected class folders or files like .jpg and .png"},
      {"existing run", tinyRun("pretrain", "run"), 1,
       "mixmim: error: run: there is a run in this folder already; --resume auto continues it, --overwrite "
       "starts anew"},
      {"corrupt checkpoint", tinyRun("pretrain", "new", "--init broken"), 1, ""},
      {"missing checkpoint", tinyRun("pretrain", "new", "--init nothing"), 1,
       "mixmim: error: nothing: there is no such checkpoint; name a checkpoint folder, a file in it, or a "
       "run folder"},
      {"missing plugin",
       "pretrain --data train --out new --model small --size 16 --batch 4 --run.trainer ./none.so", 1,
       "mixmim: error: ./none.so: there is no such plugin file"},
      {"other ABI",
       "pretrain --data train --out new --model small --size 16 --batch 4 --run.trainer " + otherAbi, 1,
       "mixmim: error: " + otherAbi +
           ": expected plugin ABI 4, got 12; build the plugin and the program from the same version of "
           "MixMIM"},
      {"batch larger than data", tinyRun("pretrain", "new", "--batch 100"), 1, ""},
      {"flat folder", tinyRun("finetune", "new", "--data train/dark"), 1,
       "mixmim: error: train/dark: has no class folders, and classes are needed; expected one folder "
       "per class"},
      {"not a model", "predict --model file train/dark/0.png", 1, ""},
      {"no picture", "predict --model model.onnx", 2,
       "mixmim: error: mixmim predict: expected at least one picture, or --data SRC"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Outcome outcome = mixmim(here, c.arguments);
    EXPECT_EQ(outcome.exitCode, c.exitCode);
    if (c.message.empty())
      EXPECT_NE(outcome.err.find("mixmim: error: "), std::string::npos) << outcome.err;
    else
      EXPECT_EQ(lastLine(outcome.err), c.message);
    EXPECT_FALSE(std::filesystem::exists(here / "new" / "config.ini"))
        << "a failed start left a run folder behind";
  }
}

}  // namespace
}  // namespace cv::mixmim::test
