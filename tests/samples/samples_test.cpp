#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "opencv2/mixmim/classifier.hpp"
#include "tests/samples/labelled_model.hpp"
#include "tests/support/images.hpp"
#include "tests/support/tagged.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

class Samples : public ::testing::Test {
 protected:
  Samples() { writeModel(folder_ / "model.onnx", {"ox", "newt", "fire ant"}); }

  void write(const std::string& name, const cv::Mat& image) const {
    fs::create_directories((folder_ / name).parent_path());
    ASSERT_TRUE(cv::imwrite((folder_ / name).string(), image)) << name;
  }
  Outcome run(const std::string& command) const { return sample(folder_.path(), command); }

  TempFolder folder_;
};

TEST_F(Samples, ClassifyImageNamesAndAnnotates) {
  write("a.png", picture({100, 80}));
  const Outcome outcome = run("classify_image model.onnx a.png annotated.png");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  const auto guesses = Classifier::create((folder_ / "model.onnx").string())->classify(picture({100, 80}));
  std::ostringstream expected;
  for (const Prediction& guess : guesses) expected << guess.label << ' ' << guess.probability << '\n';
  EXPECT_EQ(outcome.out.rfind(expected.str(), 0), 0u) << outcome.out;
  EXPECT_GT(cv::norm(cv::imread((folder_ / "annotated.png").string()), picture({100, 80})), 0);
}

/// A phone held sideways: the same picture, stored turned, with a tag.
TEST_F(Samples, ClassifyImageSeesAPictureUpright) {
  writeModel(folder_ / "upright.onnx", {"ox", "newt", "fire ant"}, Orientation::kApply);
  write("plain.png", picture({100, 80}));
  cv::Mat stored;
  turn(picture({100, 80}), 8, stored);  // 6 turns it back
  const std::vector<uint8_t> bytes = tagged(encoded(stored, ".png"), 6);
  std::ofstream((folder_ / "tagged.png").string(), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto answers = [&](const std::string& command) {
    const std::string text = run(command).out;
    return text.substr(0, text.rfind('\n', text.size() - 2));  // without the time
  };
  EXPECT_EQ(answers("classify_image upright.onnx tagged.png"),
            answers("classify_image upright.onnx plain.png"));
  EXPECT_NE(answers("classify_image model.onnx tagged.png"), answers("classify_image model.onnx plain.png"));
}

TEST_F(Samples, SearchFindsTheSameAndTheSimilarFirst) {
  for (int i = 0; i < 6; ++i) write("folder/deep/" + std::to_string(i) + ".png", picture({90, 70}, 3 * i));
  cv::Mat darker;
  picture({90, 70}, 9).convertTo(darker, -1, 0.95);
  write("folder/darker.png", darker);
  write("query.png", picture({90, 70}, 9));
  std::ofstream(folder_ / "folder" / "notes.txt") << "not a picture";

  const Outcome outcome = run("search_by_features model.onnx folder query.png 3 sheet.png");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  std::vector<std::string> files;
  std::vector<float> similarities;
  for (std::string similarity, file; lines >> similarity >> file;) {
    similarities.push_back(std::stof(similarity));
    files.push_back(file);
  }
  ASSERT_EQ(files.size(), 3u) << outcome.out;
  EXPECT_EQ(files[0], "folder/deep/3.png");
  EXPECT_EQ(files[1], "folder/darker.png");
  EXPECT_NEAR(similarities[0], 1, 1e-4);
  EXPECT_LT(similarities[2], similarities[1]);
  EXPECT_EQ(cv::imread((folder_ / "sheet.png").string()).size(), cv::Size(4 * 160, 184));
}

TEST_F(Samples, SearchSaysWhatIsWrong) {
  fs::create_directories(folder_ / "empty");
  write("query.png", picture({90, 70}));
  const std::pair<const char*, const char*> cases[] = {
      {"search_by_features model.onnx empty query.png", "search_by_features: empty holds no picture\n"},
      {"search_by_features model.onnx empty none.png", "search_by_features: none.png: cannot be read\n"},
  };
  for (const auto& [command, message] : cases) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exitCode, 1) << command;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;  // OpenCV warns before it
  }
  EXPECT_EQ(run("search_by_features model.onnx empty").exitCode, 2);
}

/// A picture that needs no resizing must get the very same answer from Python's OpenCV; the crop is half of a
/// pixel off the middle.
TEST_F(Samples, ClassifyInPythonAgrees) {
  const std::string python = MIXMIM_VENV "/bin/python";
  if (!fs::exists(python)) GTEST_SKIP() << "no cv2; tests/onnx_matrix/environments.py fetches it";
  const cv::Size exact(98, kSide * 8 / 7);
  write("exact.png", picture(exact));
  const Outcome outcome =
      runIn(folder_.path(), python + " " MIXMIM_SAMPLE_SOURCES "/classify.py model.onnx exact.png");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  for (const Prediction& guess :
       Classifier::create((folder_ / "model.onnx").string())->classify(picture(exact))) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line)) << outcome.out;
    const size_t space = line.rfind(' ');
    EXPECT_EQ(line.substr(0, space), guess.label);
    EXPECT_NEAR(std::stof(line.substr(space)), guess.probability, 2e-4);
  }
}

}  // namespace
}  // namespace cv::mixmim::test
