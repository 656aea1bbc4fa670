#include "evaluation/deployed_scores.hpp"

#include <functional>
#include <vector>

#include "evaluation/answers.hpp"
#include "inputs/picture_batch.hpp"
#include "opencv2/mixmim/error.hpp"
#include "terminal/progress.hpp"

namespace cv::mixmim {

namespace {

/// Calls `use` with every picture that OpenCV can read, and its label.
void forEachPicture(const Source& source, const std::function<void(const cv::Mat&, int)>& use) {
  Progress progress("evaluate", source.size());
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < source.size(); ++i) {
    source.read(i, bytes);
    const cv::Mat picture = decodePicture(bytes);
    if (picture.empty()) {
      progress.note("left out: " + source.place(i) + ": is not a picture that OpenCV can read");
      continue;
    }
    use(picture, source.label(i));
    progress.count(i + 1, "images");
  }
}

Accuracy accuracyOf(const Classifier& classifier) {
  return Accuracy(static_cast<int>(classifier.labels().size()));
}

}  // namespace

EvaluationResult evaluateClassifier(Classifier& classifier, const Source& source) {
  Accuracy accuracy = accuracyOf(classifier);
  cv::Mat scores;
  forEachPicture(source, [&](const cv::Mat& picture, int label) {
    classifier.logits(picture, scores);
    accuracy.add(scores.ptr<float>(), label);
  });
  return accuracy.result();
}

DeployedCheck checkDeployed(Classifier& exact, const std::string& model, const Source& source,
                            const std::string& where) {
  DeployedCheck check;
  checkLabels(where, source.labels(), exact.labels());
  cv::Ptr<Classifier> fast;
  try {
    ClassifierOptions options;
    options.int8 = true;
    fast = Classifier::create(model, options);
  } catch (const Error& e) {
    check.whyNoInt8 = e.what();
  }
  Accuracy exactAccuracy = accuracyOf(exact), fastAccuracy = accuracyOf(exact);
  cv::Mat scores, fastScores;
  forEachPicture(source, [&](const cv::Mat& picture, int label) {
    exact.logits(picture, scores);
    exactAccuracy.add(scores.ptr<float>(), label);
    if (!fast) return;
    fast->logits(picture, fastScores);
    fastAccuracy.add(fastScores.ptr<float>(), label);
    check.sameAnswer += answerAlike(scores.ptr<float>(), fastScores.ptr<float>(), scores.cols);
  });
  check.float32 = exactAccuracy.result();
  if (fast) check.int8 = fastAccuracy.result();
  return check;
}

}  // namespace cv::mixmim
