// Classifies the frames of a camera or a video, with the answer and the speed drawn on them:
//   classify_video model.onnx 0                        camera 0, in a window; Esc ends it
//   classify_video model.onnx video.mp4 [out.avi]      a file, in a window or into another file
#include <algorithm>
#include <cctype>
#include <iostream>
#include <stdexcept>
#include <string>

#include <opencv2/highgui.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/mixmim.hpp>
#include <opencv2/videoio.hpp>

namespace {

cv::VideoCapture opened(const std::string& source) {
  const bool isNumber =
      std::all_of(source.begin(), source.end(), [](unsigned char c) { return std::isdigit(c); });
  cv::VideoCapture video = isNumber ? cv::VideoCapture(std::stoi(source)) : cv::VideoCapture(source);
  if (!video.isOpened()) throw std::runtime_error(source + " is not a camera or video that OpenCV can open");
  return video;
}

/// A writer with the frame rate of the original, except where a camera does not tell it.
cv::VideoWriter writerLike(const cv::VideoCapture& video, const std::string& path, cv::Size size) {
  const double told = video.get(cv::CAP_PROP_FPS);
  cv::VideoWriter writer(path, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), told > 0 ? told : 25, size);
  if (!writer.isOpened()) throw std::runtime_error("cannot write " + path);
  return writer;
}

/// White on a dark edge: readable on any picture.
void draw(cv::Mat& frame, const std::string& text, cv::Point place) {
  cv::putText(frame, text, place, cv::FONT_HERSHEY_SIMPLEX, 0.7, {0, 0, 0}, 4, cv::LINE_AA);
  cv::putText(frame, text, place, cv::FONT_HERSHEY_SIMPLEX, 0.7, {255, 255, 255}, 1, cv::LINE_AA);
}

/// Frames per second, smoothed over about twenty frames.
class Speed {
 public:
  double frame() {
    const auto now = cv::getTickCount();
    const double seconds = static_cast<double>(now - last_) / cv::getTickFrequency();
    last_ = now;
    mean_ = mean_ > 0 ? 0.95 * mean_ + 0.05 * seconds : seconds;
    return 1 / mean_;
  }

 private:
  int64 last_ = cv::getTickCount();
  double mean_ = 0;  ///< seconds per frame
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::cerr << "usage: classify_video model.onnx camera-number-or-video [out.avi]\n";
    return 2;
  }
  const auto classifier = cv::mixmim::Classifier::create(argv[1]);
  cv::VideoCapture video = opened(argv[2]);
  cv::VideoWriter writer;
  Speed speed;
  int frames = 0;
  constexpr int kEscape = 27;
  for (cv::Mat frame; video.read(frame); ++frames) {
    const auto best = classifier->classify(frame, 1).front();
    draw(frame, cv::format("%s %.0f%%", best.label.c_str(), 100 * best.probability), {10, 30});
    draw(frame, cv::format("%.1f FPS", speed.frame()), {10, 60});
    if (argc > 3) {
      if (!writer.isOpened()) writer = writerLike(video, argv[3], frame.size());
      writer.write(frame);
    } else {
      cv::imshow("classify_video", frame);
      if (cv::waitKey(1) == kEscape) break;
    }
  }
  std::cout << frames << " frames\n";
  if (frames == 0) throw std::runtime_error(std::string(argv[2]) + " has no frame");
} catch (const std::exception& e) {
  std::cerr << "classify_video: " << e.what() << '\n';
  return 1;
}
