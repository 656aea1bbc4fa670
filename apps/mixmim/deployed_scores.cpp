#include "apps/mixmim/deployed_scores.hpp"

#include <opencv2/imgcodecs.hpp>

#include "apps/mixmim/progress.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int kFlags = cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION;

}  // namespace

cv::Mat readPicture(const std::string& path) {
  cv::Mat picture = cv::imread(path, kFlags);
  if (picture.empty()) throw Error(path, "is not a picture that OpenCV can read");
  return picture;
}

EvaluationResult evaluateClassifier(Classifier& classifier, const Source& source) {
  Accuracy accuracy(static_cast<int>(classifier.labels().size()));
  Progress progress("evaluate", source.size());
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < source.size(); ++i) {
    source.read(i, bytes);
    const cv::Mat picture = bytes.empty() ? cv::Mat() : cv::imdecode(bytes, kFlags);
    if (picture.empty()) {
      progress.note("left out: " + source.place(i) + ": is not a picture that OpenCV can read");
      continue;
    }
    cv::Mat scores;
    classifier.logits(picture, scores);
    accuracy.add(scores.ptr<float>(), source.label(i));
    progress.update(i + 1, "images");
  }
  return accuracy.result();
}

}  // namespace cv::mixmim
