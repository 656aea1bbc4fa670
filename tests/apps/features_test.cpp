// `mixmim features`, and the options of the verbs that classify.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <fmt/format.h>

#include "opencv2/mixmim/classifier.hpp"
#include "tests/support/npy_reader.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class Features : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    makeData(here(), 3);
    std::ofstream(here() / "labels.txt") << "dark\nlight\n";
    ASSERT_EQ(mixmim(here(),
                     "export --model small --size 32 --model.classes 2 --out model.onnx "
                     "--labels labels.txt --run.trainer ./none.so")
                  .exitCode,
              0);
    std::ofstream(here() / "text.jpg") << "not a picture";
  }
  static void TearDownTestSuite() { delete folder_; }
  static fs::path here() { return folder_->path(); }

  static TempFolder* folder_;
};

TempFolder* Features::folder_ = nullptr;

TEST_F(Features, AreTheClassifiersWithTheirPicturesBeside) {
  const Outcome outcome =
      mixmim(here(), "features --model model.onnx train/*/*.png --out all.npy --threads 1");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "6 vectors of 128 numbers in all.npy, their pictures in all.txt\n");
  const cv::Mat rows = npyOf(contentOf(here() / "all.npy"));
  const auto classifier = Classifier::create((here() / "model.onnx").string());
  std::istringstream list(contentOf(here() / "all.txt"));
  int row = 0;
  for (std::string path; std::getline(list, path); ++row) {
    cv::Mat expected;
    classifier->features(classifier->readPicture((here() / path).string()), expected);
    EXPECT_LE(cv::norm(rows.row(row), expected, cv::NORM_INF), 1e-5) << path;
  }
  EXPECT_EQ(row, rows.rows);
  EXPECT_GT(cv::norm(rows.row(0), rows.row(5), cv::NORM_INF), 1e-3) << "dark and light look the same";
}

TEST_F(Features, LeaveOutWhatIsNoPictureAndFail) {
  const Outcome outcome =
      mixmim(here(),
             "features --model model.onnx --out some.npy --json train/dark/0.png text.jpg "
             "train/light/0.png");
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(outcome.err, "mixmim: error: text.jpg: is not a picture that OpenCV can read\n");
  EXPECT_EQ(json::parse(outcome.out),
            (json::object{
                {"file", "some.npy"}, {"list", "some.txt"}, {"images", 2}, {"left_out", 1}, {"size", 128}}));
  EXPECT_EQ(contentOf(here() / "some.txt"), "train/dark/0.png\ntrain/light/0.png\n");
  EXPECT_EQ(npyOf(contentOf(here() / "some.npy")).rows, 2);
}

/// A whole data set gives the vectors of its pictures, also one by one as JSON.
TEST_F(Features, MayBeThoseOfADataSet) {
  const std::string command = "features --model model.onnx --threads 1 ";
  ASSERT_EQ(mixmim(here(), command + "train/*/*.png --out files.npy").exitCode, 0);
  const Outcome outcome = mixmim(here(), command + "--data train --json-lines --out set.npy");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(contentOf(here() / "set.txt"), contentOf(here() / "files.txt"));
  EXPECT_EQ(contentOf(here() / "set.npy"), contentOf(here() / "files.npy"));
  const cv::Mat rows = npyOf(contentOf(here() / "set.npy"));
  std::istringstream lines(outcome.out), list(contentOf(here() / "set.txt"));
  int row = 0;
  for (std::string line, path; std::getline(lines, line) && std::getline(list, path); ++row) {
    const json::value about = json::parse(line);
    EXPECT_EQ(about.at("path").as_string().c_str(), path);
    const json::array& numbers = about.at("features").as_array();
    ASSERT_EQ(static_cast<int>(numbers.size()), rows.cols);
    for (int i = 0; i < rows.cols; ++i)
      EXPECT_EQ(numbers[static_cast<size_t>(i)].to_number<float>(), rows.at<float>(row, i));
  }
  EXPECT_EQ(row, rows.rows);
}

TEST_F(Features, PredictAnswersLineByLine) {
  const std::string command = "predict --model model.onnx --threads 1 --top 1 ";
  const Outcome outcome = mixmim(here(), command + "--data train --json-lines");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  const json::value whole = json::parse(mixmim(here(), command + "--json train/*/*.png").out);
  std::istringstream lines(outcome.out);
  for (const json::value& expected : whole.at("results").as_array()) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    const json::value answer = json::parse(line);
    EXPECT_EQ(answer.at("path"), expected.at("path"));
    EXPECT_EQ(answer.at("top"), expected.at("top"));
  }
  const Outcome failed = mixmim(here(), command + "--json-lines text.jpg");
  EXPECT_EQ(failed.exitCode, 1);
  EXPECT_EQ(
      json::parse(failed.out),
      (json::object{{"path", "text.jpg"}, {"error", "text.jpg: is not a picture that OpenCV can read"}}));
}

TEST_F(Features, AreReadByNumpy) {
  const std::string python = MIXMIM_VENV "/bin/python";
  if (!fs::exists(python)) GTEST_SKIP() << "no numpy; tests/onnx_matrix/environments.py fetches it";
  ASSERT_EQ(mixmim(here(), "features --model model.onnx train/*/*.png --out numpy.npy").exitCode, 0);
  const std::string command = "cd '" + here().string() + "' && " + python +
                              " -c 'import numpy; a = numpy.load(\"numpy.npy\"); "
                              "print(a.shape, a.dtype, \"%.9g\" % a[5, 7])' >.numpy";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const float value = npyOf(contentOf(here() / "numpy.npy")).at<float>(5, 7);
  EXPECT_EQ(contentOf(here() / ".numpy"), fmt::format("(6, 128) float32 {:.9g}\n", value));
}

TEST_F(Features, OptionsChangeHowItIsComputedAndHardlyWhat) {
  const auto rows = [](const std::string& options) {
    const Outcome outcome =
        mixmim(here(), "features --model model.onnx train/*/*.png --out x.npy " + options);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    return npyOf(contentOf(here() / "x.npy"));
  };
  const cv::Mat fused = rows("");
  EXPECT_LE(cv::norm(fused, rows("--stock"), cv::NORM_INF), 1e-3);
  EXPECT_LE(cv::norm(fused, rows("--backend opencv --target cpu"), cv::NORM_INF), 1e-5);
  const double int8 = cv::norm(fused, rows("--int8"), cv::NORM_INF);
  EXPECT_GT(int8, 0);
  EXPECT_LE(int8, 0.1 * cv::norm(fused, cv::NORM_INF));
}

struct Wrong {
  const char* name;
  const char* arguments;
  int exitCode;
  const char* message;
};

TEST_F(Features, SayWhatIsWrong) {
  const Wrong cases[] = {
      {"no model", "features --out x.npy a.png", 2,
       "mixmim: error: mixmim features: --model is needed; `mixmim features --help` explains it\n"},
      {"no picture", "features --model model.onnx --out x.npy", 2,
       "mixmim: error: mixmim features: expected at least one picture, or --data SRC\n"},
      {"both", "features --model model.onnx --out x.npy --data train a.png", 2,
       "mixmim: error: mixmim features: expected either pictures or --data, got both\n"},
      {"two forms", "predict --model model.onnx --data train --json --json-lines", 2,
       "mixmim: error: --json-lines: expected one of --json and --json-lines, got both\n"},
      {"other ending", "features --model model.onnx --out x.txt a.png", 2,
       "mixmim: error: --out: expected a name that ends in .npy, got 'x.txt'\n"},
      {"no folder", "features --model model.onnx --out no/x.npy train/dark/0.png", 1,
       "mixmim: error: no/x.txt: cannot be created: No such file or directory\n"},
      {"line break", "features --model model.onnx --out x.npy 'a\nb.png'", 1,
       "mixmim: error: a\nb.png: the list of pictures has one path per line, and this one has a line "
       "break\n"},
      {"unknown backend", "predict --model model.onnx --backend tpu train/dark/0.png", 2,
       "mixmim: error: --backend: expected one of default, opencv, openvino, cuda, or a number of "
       "cv::dnn::Backend, got 'tpu'\n"},
      {"options of a deployed model", "eval --model runs/x --data train --int8", 2,
       "mixmim: error: --int8: only for an .onnx; a checkpoint is computed by its trainer\n"},
      {"options of a part", "bench pipeline --data train --stock", 2,
       "mixmim: error: --stock: only for mixmim bench predict\n"},
  };
  for (const Wrong& c : cases) {
    SCOPED_TRACE(c.name);
    const Outcome outcome = mixmim(here(), c.arguments);
    EXPECT_EQ(outcome.exitCode, c.exitCode);
    EXPECT_EQ(outcome.err, c.message);
  }
}

TEST_F(Features, PredictAndEvalTakeTheSameOptions) {
  for (const char* options : {"--stock", "--int8", "--flip", "--target cpu --threads 1"}) {
    SCOPED_TRACE(options);
    EXPECT_EQ(mixmim(here(), std::string("predict --model model.onnx train/dark/0.png ") + options).exitCode,
              0);
    EXPECT_EQ(mixmim(here(), std::string("eval --model model.onnx --data train ") + options).exitCode, 0);
  }
}

}  // namespace
}  // namespace cv::mixmim::test
