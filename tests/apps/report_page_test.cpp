// The page of a report as a browser sees it: headless Chromium, where there is one.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace json = boost::json;

/// What browser.py saw at each size and in each colour scheme; empty without Chromium, which it says.
json::array seen(const std::filesystem::path& here, const std::string& page, std::string& said) {
  constexpr int kNoBrowser = 77;
  const Outcome outcome = runIn(here, "python3 " MIXMIM_SOURCE_DIR "/tests/apps/browser.py " + page);
  said = outcome.out + outcome.err;
  if (outcome.exitCode == kNoBrowser) return {};
  EXPECT_EQ(outcome.exitCode, 0) << said;
  return outcome.exitCode == 0 ? json::parse(outcome.out).as_array() : json::array();
}

void expectGoodPage(const json::array& views, int pictures, int charts) {
  ASSERT_EQ(views.size(), 4u);
  constexpr double kReadable = 4.5;  // WCAG 2.1, level AA
  for (const json::value& view : views) {
    SCOPED_TRACE(json::serialize(view));
    EXPECT_EQ(view.at("errors").as_array().size(), 0u);
    EXPECT_EQ(view.at("requests").as_array().size(), 0u);
    EXPECT_EQ(view.at("overflow"), 0);
    EXPECT_EQ(view.at("pictures"), pictures);
    EXPECT_EQ(view.at("empty"), 0);
    EXPECT_EQ(view.at("withoutAlt"), 0);
    EXPECT_EQ(view.at("charts"), charts);
    EXPECT_GE(view.at("contrast").to_number<double>(), kReadable);
  }
  EXPECT_NE(views[0].at("paper"), views[1].at("paper"));  // light and dark
}

TEST(ReportPage, IsGoodInABrowser) {
  const TempFolder folder;
  makeData(folder.path(), 6);
  ASSERT_EQ(mixmim(folder.path(), tinyRun("pretrain", "pre", "--epochs 2 --run.pictureEpochs 1")).exitCode,
            0);
  ASSERT_EQ(mixmim(folder.path(), tinyRun("finetune", "tuned", "--epochs 2")).exitCode, 0);
  ASSERT_EQ(mixmim(folder.path(), "report tuned --json").exitCode, 0);
  ASSERT_EQ(mixmim(folder.path(), "report pre tuned").exitCode, 0);
  const json::object kept = json::parse(contentOf(folder / "tuned/evaluation/evaluation.json")).as_object();
  const int mistakes =
      static_cast<int>(kept.at("confident").as_array().size() + kept.at("hardest").as_array().size());
  std::string said;
  const json::array alone = seen(folder.path(), "tuned/report.html", said);
  if (alone.empty() && said.find("there is no Chromium here") == 0) GTEST_SKIP() << said;
  expectGoodPage(alone, mistakes, 6);
  expectGoodPage(seen(folder.path(), "comparison.html", said), mistakes + 1, 6);
}

}  // namespace
}  // namespace cv::mixmim::test
