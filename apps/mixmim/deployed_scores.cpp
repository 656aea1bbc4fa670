#include "apps/mixmim/deployed_scores.hpp"

#include "apps/mixmim/picture_batch.hpp"
#include "apps/mixmim/progress.hpp"

namespace cv::mixmim {

EvaluationResult evaluateClassifier(Classifier& classifier, const Source& source) {
  Accuracy accuracy(static_cast<int>(classifier.labels().size()));
  Progress progress("evaluate", source.size());
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < source.size(); ++i) {
    source.read(i, bytes);
    const cv::Mat picture = decodePicture(bytes);
    if (picture.empty()) {
      progress.note("left out: " + source.place(i) + ": is not a picture that OpenCV can read");
      continue;
    }
    cv::Mat scores;
    classifier.logits(picture, scores);
    accuracy.add(scores.ptr<float>(), source.label(i));
    progress.count(i + 1, "images");
  }
  return accuracy.result();
}

}  // namespace cv::mixmim
