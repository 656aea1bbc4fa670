// Classifies every picture of a tree of class folders, prints the accuracy, and draws the answers on a sheet:
//   classify_folder model.onnx folder [sheet.png]
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/mixmim.hpp>

namespace fs = std::filesystem;

namespace {

constexpr int kTile = 160, kCaption = 24, kColumns = 8, kRows = 4;

/// The picture with its answer below it, green if right.
cv::Mat tile(const cv::Mat& picture, const cv::mixmim::Prediction& guess, bool right) {
  cv::Mat square, drawn(kTile + kCaption, kTile, CV_8UC3, cv::Scalar::all(255));
  cv::resize(picture, square, {kTile, kTile}, 0, 0, cv::INTER_AREA);
  square.copyTo(drawn(cv::Rect(0, 0, kTile, kTile)));
  const cv::Scalar colour = right ? cv::Scalar(60, 130, 30) : cv::Scalar(40, 40, 200);
  const std::string text = cv::format("%s %.0f%%", guess.label.c_str(), 100 * guess.probability);
  cv::putText(drawn, text, {4, kTile + 16}, cv::FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv::LINE_AA);
  return drawn;
}

std::vector<fs::path> filesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::shuffle(files.begin(), files.end(), std::mt19937(1));  // so that the sheet shows all classes
  return files;
}

/// Empty where a file is no picture.
cv::Mat read(const cv::mixmim::Classifier& classifier, const fs::path& file) try {
  return classifier.readPicture(file.string());
} catch (const cv::Exception&) {
  return {};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::cerr << "usage: classify_folder model.onnx folder [sheet.png]\n";
    return 2;
  }
  const auto classifier = cv::mixmim::Classifier::create(argv[1]);
  cv::Mat sheet(kRows * (kTile + kCaption), kColumns * kTile, CV_8UC3, cv::Scalar::all(255));
  int count = 0, correct = 0;
  for (const fs::path& file : filesIn(argv[2])) {
    const cv::Mat picture = read(*classifier, file);
    if (picture.empty()) {
      std::cerr << file.string() << ": not a picture, left out\n";
      continue;
    }
    const auto guess = classifier->classify(picture, 1).front();
    const bool right = guess.label == file.parent_path().filename();
    if (count < kRows * kColumns) {
      const cv::Point corner(count % kColumns * kTile, count / kColumns * (kTile + kCaption));
      tile(picture, guess, right).copyTo(sheet(cv::Rect(corner, cv::Size(kTile, kTile + kCaption))));
    }
    ++count;
    correct += right;
  }
  std::cout << correct << " of " << count << " right (" << 100.0 * correct / std::max(1, count) << " %)\n";
  if (argc > 3 && !cv::imwrite(argv[3], sheet))
    throw std::runtime_error(std::string("cannot write ") + argv[3]);
} catch (const std::exception& e) {
  std::cerr << "classify_folder: " << e.what() << '\n';
  return 1;
}
