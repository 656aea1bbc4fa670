// What somebody else's OpenCV program looks like.
#include <iostream>

#include <opencv2/imgproc.hpp>
#include <opencv2/mixmim.hpp>

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  cv::Mat frame(240, 320, CV_8UC3, cv::Scalar(90, 120, 150));
  cv::circle(frame, {160, 120}, 60, {20, 40, 220}, cv::FILLED);
  const auto classifier = cv::mixmim::Classifier::create(argv[1]);
  for (const auto& guess : classifier->classify(frame))
    std::cout << guess.label << ' ' << guess.probability << '\n';
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
