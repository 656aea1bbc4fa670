// classify_video on a video made here, without a display.
#include <gtest/gtest.h>

#include <algorithm>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "opencv2/mixmim/classifier.hpp"
#include "tests/samples/labelled_model.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

constexpr int kFrames = 21;
constexpr double kFps = 12;
const cv::Size kSize(320, 240);

void writeVideo(const fs::path& path) {
  cv::VideoWriter writer(path.string(), cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), kFps, kSize);
  ASSERT_TRUE(writer.isOpened()) << "this OpenCV cannot write MJPG";
  for (int i = 0; i < kFrames; ++i) writer.write(picture(kSize, i) * 0.4);  // dark, below white letters
}

std::vector<cv::Mat> framesOf(const fs::path& path) {
  cv::VideoCapture video(path.string());
  std::vector<cv::Mat> frames;
  for (cv::Mat frame; video.read(frame);) frames.push_back(frame.clone());
  return frames;
}

/// How well the white letters of `text` are seen at the place of the label: 1 = perfectly.
double seen(const cv::Mat& frame, const std::string& text) {
  const cv::Point place(10, 30);
  int below = 0;
  const cv::Size letters = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, 0.7, 1, &below);
  const cv::Rect box(place.x - 2, place.y - letters.height - 2, letters.width + 4,
                     letters.height + below + 4);
  cv::Mat expected(frame.size(), CV_8U, cv::Scalar(0)), found;
  cv::putText(expected, text, place, cv::FONT_HERSHEY_SIMPLEX, 0.7, cv::Scalar(255), 1, cv::LINE_AA);
  cv::Mat grey;
  cv::cvtColor(frame, grey, cv::COLOR_BGR2GRAY);
  cv::matchTemplate(grey(box), expected(box), found, cv::TM_CCOEFF_NORMED);
  return found.at<float>(0);
}

TEST(ClassifyVideo, DrawsItsAnswerOnEveryFrame) {
  const TempFolder folder;
  writeModel(folder / "model.onnx", {"ox", "hippopotamus", "newt", "sparrow"});
  writeVideo(folder / "in.avi");
  const Outcome outcome = sample(folder.path(), "classify_video model.onnx in.avi out.avi");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "21 frames\n");

  const std::vector<cv::Mat> before = framesOf(folder / "in.avi"), after = framesOf(folder / "out.avi");
  ASSERT_EQ(before.size(), static_cast<size_t>(kFrames));
  ASSERT_EQ(after.size(), before.size());
  const auto classifier = Classifier::create((folder / "model.onnx").string());
  for (size_t i = 0; i < before.size(); ++i) {
    SCOPED_TRACE(i);
    ASSERT_EQ(after[i].size(), kSize);
    const std::vector<Prediction> guesses = classifier->classify(before[i]);
    const auto textOf = [](const Prediction& guess) {
      return cv::format("%s %.0f%%", guess.label.c_str(), 100 * guess.probability);
    };
    const double right = seen(after[i], textOf(guesses[0]));
    EXPECT_GT(right, 0.7);
    EXPECT_LT(seen(before[i], textOf(guesses[0])), 0.3) << "it was there before";
    for (size_t other = 1; other < guesses.size(); ++other)
      EXPECT_LT(seen(after[i], textOf(guesses[other])), right) << guesses[other].label;
  }
  EXPECT_EQ(cv::VideoCapture((folder / "out.avi").string()).get(cv::CAP_PROP_FPS), kFps);
}

TEST(ClassifyVideo, SaysWhatIsWrong) {
  const TempFolder folder;
  writeModel(folder / "model.onnx", {"ox", "newt"});
  writeVideo(folder / "in.avi");
  std::ofstream(folder / "text.avi") << "not a video";
  const std::pair<const char*, const char*> cases[] = {
      {"classify_video model.onnx text.avi out.avi",
       "classify_video: text.avi is not a camera or video that OpenCV can open\n"},
      {"classify_video model.onnx in.avi no/out.avi", "classify_video: cannot write no/out.avi\n"},
      {"classify_video none.onnx in.avi out.avi", "classify_video: none.onnx: "},
  };
  for (const auto& [command, message] : cases) {
    const Outcome outcome = sample(folder.path(), command);
    EXPECT_EQ(outcome.exitCode, 1) << command;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;  // OpenCV warns before it
  }
  EXPECT_EQ(sample(folder.path(), "classify_video model.onnx").exitCode, 2);
}

}  // namespace
}  // namespace cv::mixmim::test
