// Finds the pictures of a folder that look most like a given one to the model:
//   search_by_features model.onnx folder query.jpg [how many (5) [sheet.png]]
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/mixmim.hpp>

namespace fs = std::filesystem;

namespace {

/// Empty where a file is no picture.
cv::Mat read(const cv::mixmim::Classifier& classifier, const fs::path& file) try {
  return classifier.readPicture(file.string());
} catch (const cv::Exception&) {
  return {};
}

/// The model's features of a picture, as a vector of length 1: a dot product of two is the cosine of their
/// angle.
cv::Mat vectorOf(cv::mixmim::Classifier& classifier, const cv::Mat& picture) {
  cv::Mat vector;
  classifier.features(picture, vector);
  cv::normalize(vector, vector);
  return vector;
}

struct Index {
  std::vector<fs::path> files;
  cv::Mat vectors;  ///< a row per file
};

Index indexOf(cv::mixmim::Classifier& classifier, const fs::path& folder) {
  Index index;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const cv::Mat picture = entry.is_regular_file() ? read(classifier, entry.path()) : cv::Mat();
    if (picture.empty()) continue;
    index.files.push_back(entry.path());
    index.vectors.push_back(vectorOf(classifier, picture));
  }
  if (index.files.empty()) throw std::runtime_error(folder.string() + " holds no picture");
  return index;
}

struct Hit {
  fs::path file;
  float similarity;  ///< 1 = the same, 0 = nothing in common
};

std::vector<Hit> nearest(const Index& index, const cv::Mat& vector, size_t count) {
  const cv::Mat similarities = index.vectors * vector.t();
  std::vector<Hit> hits;
  for (size_t i = 0; i < index.files.size(); ++i)
    hits.push_back({index.files[i], similarities.at<float>(static_cast<int>(i))});
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.file < b.file;
  });
  hits.resize(std::min(hits.size(), count));
  return hits;
}

/// The query and what was found, side by side.
cv::Mat sheetOf(const cv::mixmim::Classifier& classifier, const cv::Mat& query,
                const std::vector<Hit>& hits) {
  constexpr int kTile = 160, kCaption = 24;
  cv::Mat sheet(kTile + kCaption, kTile * (1 + static_cast<int>(hits.size())), CV_8UC3, cv::Scalar::all(255));
  const auto place = [&](const cv::Mat& picture, size_t column, const std::string& caption) {
    const int left = static_cast<int>(column) * kTile;
    cv::resize(picture, sheet(cv::Rect(left, 0, kTile, kTile)), {kTile, kTile}, 0, 0, cv::INTER_AREA);
    cv::putText(sheet, caption, {left + 4, kTile + 16}, cv::FONT_HERSHEY_SIMPLEX, 0.42, {60, 60, 60}, 1,
                cv::LINE_AA);
  };
  place(query, 0, "query");
  for (size_t i = 0; i < hits.size(); ++i)
    place(read(classifier, hits[i].file), i + 1, cv::format("%.3f", hits[i].similarity));
  return sheet;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) {
    std::cerr << "usage: search_by_features model.onnx folder query.jpg [how many (5) [sheet.png]]\n";
    return 2;
  }
  const auto classifier = cv::mixmim::Classifier::create(argv[1]);
  const cv::Mat query = classifier->readPicture(argv[3]);
  const size_t count = argc > 4 ? std::stoul(argv[4]) : 5;
  const auto hits = nearest(indexOf(*classifier, argv[2]), vectorOf(*classifier, query), count);
  for (const Hit& hit : hits) std::cout << cv::format("%.4f  ", hit.similarity) << hit.file.string() << '\n';
  if (argc > 5 && !cv::imwrite(argv[5], sheetOf(*classifier, query, hits)))
    throw std::runtime_error(std::string("cannot write ") + argv[5]);
} catch (const std::exception& e) {
  std::cerr << "search_by_features: " << e.what() << '\n';
  return 1;
}
