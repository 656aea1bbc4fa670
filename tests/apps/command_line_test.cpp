#include "terminal/command_line.hpp"

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

CommandLine example() {
  CommandLine line("verb", "Does something.", "[OPTION...]", "mixmim verb");
  line.option("top", "How many.", "5").flag("json", "As JSON.").settings(Task::kPretrain).words("IMAGE");
  return line;
}

TEST(CommandLine, TellsOptionsSettingsAndWordsApart) {
  CommandLine line = example();
  ASSERT_TRUE(line.parse({"a.jpg", "--top", "3", "--json", "--optim.lr=0.5", "--epochs", "7", "b.jpg",
                          "--overwrite", "--model", "small"}));
  EXPECT_EQ(line.words(), (std::vector<std::string>{"a.jpg", "b.jpg"}));
  EXPECT_EQ(line.number("top", 1, 10), 3);
  EXPECT_TRUE(line.has("json"));
  const Config config = line.config();
  EXPECT_EQ(config.optim.lr, 0.5);
  EXPECT_EQ(config.optim.epochs, 7);
  EXPECT_TRUE(config.run.overwrite);
}

/// A script adds its own settings behind those of another: the last one counts, and is said to.
TEST(CommandLine, SaysThatASecondValueCounts) {
  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } cases[] = {
      {{"--epochs", "3", "--epochs", "4"}, "warning: --epochs: given twice, 3 and 4; the last one counts\n"},
      {{"--epochs", "3", "--optim.epochs=4"},
       "warning: --optim.epochs: given twice, 3 and 4; the last one counts\n"},
      {{"--epochs", "5", "--top", "1", "--epochs", "4", "--top=2"},
       "warning: --epochs: given twice, 5 and 4; the last one counts\n"
       "warning: --top: given twice, 1 and 2; the last one counts\n"},
      {{"--epochs", "4", "--epochs", "4", "--json", "a.jpg", "--json", "--overwrite", "--overwrite"}, ""}};
  for (const auto& c : cases) {
    CommandLine line = example();
    testing::internal::CaptureStderr();
    ASSERT_TRUE(line.parse(c.arguments));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), c.message);
    EXPECT_EQ(line.config().optim.epochs, 4);
  }
}

TEST(CommandLine, BoundsNumbers) {
  CommandLine line = example();
  ASSERT_TRUE(line.parse({"--top", "0"}));
  MIXMIM_EXPECT_ERROR(line.number("top", 1, 10), "--top: expected a whole number from 1 to 10, got '0'");
}

TEST(CommandLine, ABadSettingIsWrongUsage) {
  CommandLine line = example();
  ASSERT_TRUE(line.parse({"--epochs", "many"}));
  EXPECT_THROW(line.config(), UsageError);
}

}  // namespace
}  // namespace cv::mixmim
