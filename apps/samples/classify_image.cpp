// Classifies one picture:   classify_image model.onnx picture.jpg [annotated.png]
#include <iostream>
#include <stdexcept>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/mixmim.hpp>

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::cerr << "usage: classify_image model.onnx picture.jpg [annotated.png]\n";
    return 2;
  }
  const auto classifier = cv::mixmim::Classifier::create(argv[1]);
  cv::Mat picture = classifier->readPicture(argv[2]);

  const auto start = cv::getTickCount();
  const auto guesses = classifier->classify(picture);
  const double ms = 1000 * static_cast<double>(cv::getTickCount() - start) / cv::getTickFrequency();

  for (const auto& guess : guesses) std::cout << guess.label << ' ' << guess.probability << '\n';
  std::cout << ms << " ms\n";

  if (argc > 3) {
    const std::string& best = guesses.front().label;
    cv::putText(picture, best, {10, 30}, cv::FONT_HERSHEY_SIMPLEX, 1, {255, 255, 255}, 4, cv::LINE_AA);
    cv::putText(picture, best, {10, 30}, cv::FONT_HERSHEY_SIMPLEX, 1, {40, 40, 40}, 2, cv::LINE_AA);
    if (!cv::imwrite(argv[3], picture)) throw std::runtime_error(std::string("cannot write ") + argv[3]);
  }
} catch (const std::exception& e) {
  std::cerr << "classify_image: " << e.what() << '\n';
  return 1;
}
