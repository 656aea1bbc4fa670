// One answer per file, however a camera was held: through the pipeline, the deployed model and what is
// stored.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "opencv2/mixmim/orientation.hpp"
#include "tests/support/images.hpp"
#include "tests/support/npy_reader.hpp"
#include "tests/support/program.hpp"
#include "tests/support/tagged.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kFake = " --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so";

/// all/1.png to 8.png: one picture, stored in the eight ways with the tag that puts it upright.
class UprightPictures : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    fs::create_directories(here() / "all");
    for (int tag = 1; tag <= 8; ++tag) {
      const int back = tag == 6 ? 8 : tag == 8 ? 6 : tag;  // the others undo themselves
      cv::Mat stored;
      turn(picture({48, 32}), back, stored);
      const std::vector<uint8_t> file = tagged(encoded(stored, ".png"), tag);
      std::ofstream(here() / fmt::format("all/{}.png", tag), std::ios::binary)
          .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
    }
    for (const char* use : {"apply", "ignore"})
      succeed(
          fmt::format("export --model small --size 32 --model.classes 3 --data.orientation {0} --out "
                      "{0}.onnx --run.trainer ./none.so",
                      use));
  }
  static void TearDownTestSuite() { delete folder_; }
  static fs::path here() { return folder_->path(); }
  static Outcome succeed(const std::string& arguments) {
    Outcome outcome = mixmim(here(), arguments);
    EXPECT_EQ(outcome.exitCode, 0) << arguments << '\n' << outcome.err;
    return outcome;
  }

  static TempFolder* folder_;
};

TempFolder* UprightPictures::folder_ = nullptr;

/// How many of the eight have the same feature vector as the first.
int alike(const cv::Mat& rows) {
  int count = 0;
  for (int i = 0; i < rows.rows; ++i) count += cv::norm(rows.row(i), rows.row(0), cv::NORM_INF) == 0;
  return count;
}

TEST_F(UprightPictures, HaveOneVectorWhereTheModelWantsThem) {
  for (const auto& [model, same] : {std::pair{"apply", 8}, {"ignore", 1}}) {
    succeed(fmt::format("features --model {}.onnx all/*.png --out v.npy", model));
    EXPECT_EQ(alike(npyOf(contentOf(here() / "v.npy"))), same) << model;
  }
}

TEST_F(UprightPictures, HaveOneAnswer) {
  const json::value answer = json::parse(succeed("predict --model apply.onnx all/*.png --json").out);
  const json::array& results = answer.at("results").as_array();
  ASSERT_EQ(results.size(), 8u);
  for (const json::value& result : results) EXPECT_EQ(result.at("top"), results[0].at("top"));
  EXPECT_EQ(json::parse(succeed("info --json apply.onnx").out).at("orientation"), "apply");
}

TEST_F(UprightPictures, LeaveThePipelineAsOnePicture) {
  const std::string order = "augment --recipe eval --data all --size 32 --count 8 --out ";
  succeed(order + "up");
  succeed(order + "stored --data.orientation ignore");
  for (int i = 1; i < 8; ++i) {
    const std::string name = fmt::format("picture-{:06}.png", i);
    EXPECT_EQ(contentOf(here() / "up" / name), contentOf(here() / "up/picture-000000.png")) << i;
    EXPECT_NE(contentOf(here() / "stored" / name), contentOf(here() / "stored/picture-000000.png")) << i;
  }
}

/// New runs apply tags, published recipes do not, and a run begun before there was a choice goes on without.
TEST_F(UprightPictures, AreTrainedAsTheRunSays) {
  const auto kept = [](const char* run) {
    const std::string settings = contentOf(here() / run / "config.ini");
    const size_t at = settings.find("\norientation = ");
    return settings.substr(at + 15, settings.find('\n', at + 1) - at - 15);
  };
  const std::string order = std::string("pretrain --data all --model small --size 32 --batch 4") + kFake;
  succeed(order + " --epochs 1 --out new");
  succeed(order + " --epochs 1 --out published --preset pretrain");
  EXPECT_EQ(kept("new"), "apply");
  EXPECT_EQ(kept("published"), "ignore");

  succeed(order + " --epochs 2 --out old --data.orientation ignore");
  std::string settings = contentOf(here() / "old/config.ini");
  const std::string words = "\norientation = ignore";
  ASSERT_NE(settings.find(words), std::string::npos);
  std::ofstream(here() / "old/config.ini") << settings.erase(settings.find(words), words.size());
  fs::remove_all(here() / "old/checkpoints/last");
  fs::remove_all(here() / "old/checkpoints/step-00000004");
  const Outcome resumed = succeed(std::string("pretrain --out old --resume auto") + kFake);
  EXPECT_NE(resumed.err.find("at step 2\n"), std::string::npos) << resumed.err;
  EXPECT_EQ(kept("old"), "ignore");
}

}  // namespace
}  // namespace cv::mixmim::test
