// `mixmim models`: sizes, published weights, and times that are measured once.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace json = boost::json;

class Models : public ::testing::Test {
 protected:
  Outcome list(const std::string& arguments) const {
    return runIn(folder_.path(), "XDG_CACHE_HOME=. " MIXMIM_PROGRAM " models " + arguments);
  }
  /// The entry of one size.
  json::object about(const std::string& name, const std::string& arguments = "") const {
    const Outcome outcome = list(name + " --json " + arguments);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    return json::parse(outcome.out).at("models").at(0).as_object();
  }

  TempFolder folder_;
};

TEST_F(Models, AreAllListedWithTheirNumbers) {
  const json::value all = json::parse(list("--json").out);
  std::vector<std::string> names;
  for (const json::value& one : all.at("models").as_array())
    names.push_back(json::value_to<std::string>(one.at("name")));
  EXPECT_EQ(names, modelNames());
  const json::object swin = about("swin_t");
  EXPECT_EQ(swin.at("family"), "swin");
  EXPECT_EQ(swin.at("parameters"), 28288354);
  EXPECT_NEAR(swin.at("gmac").as_double(), 4.491, 1e-3);
  EXPECT_EQ(swin.at("published_top1"), 81.2);
  EXPECT_TRUE(swin.at("ms").is_null());
  EXPECT_EQ(swin.at("official").at(0), "swin_tiny_patch4_window7_224.pth");
  EXPECT_EQ(swin.at("timm").at(0), "swin_tiny_patch4_window7_224.ms_in1k");
}

TEST_F(Models, AreATableForPeople) {
  const Outcome all = list("");
  EXPECT_NE(
      all.out.find("pvt_v2_b1       pvt_v2             14.0 M     2.1    78.7         -   official, timm\n"),
      std::string::npos)
      << all.out;
  EXPECT_NE(all.out.find("tiny            mixmim "), std::string::npos) << all.out;
  const Outcome two = list("pvt_tiny small");
  EXPECT_NE(two.out.find("\npvt_tiny\n  official  pvt_tiny.pth\n\nsmall\n  nobody else's weights\n"),
            std::string::npos)
      << two.out;
}

TEST_F(Models, AreMeasuredOnce) {
  const Outcome measured = list("small tiny --measure --threads 1 --json");
  ASSERT_EQ(measured.exitCode, 0) << measured.err;
  const double ms = json::parse(measured.out).at("models").at(0).at("ms").as_double();
  EXPECT_GT(ms, 0);
  EXPECT_EQ(about("small", "--threads 1").at("ms").as_double(), ms);
  EXPECT_TRUE(about("small", "--threads 2").at("ms").is_null()) << "another number of threads";
  EXPECT_TRUE(about("base", "--threads 1").at("ms").is_null());
  writeFile(folder_ / "mixmim/speeds.json", std::string("{\"conditions\": 3"));
  EXPECT_TRUE(about("small", "--threads 1").at("ms").is_null()) << "a damaged file";
}

TEST_F(Models, WithoutSuchANameAreAWrongCall) {
  const Outcome outcome = list("swin_x");
  EXPECT_EQ(outcome.exitCode, 2);
  EXPECT_NE(outcome.err.find("model.name: expected one of small, tiny,"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace cv::mixmim::test
