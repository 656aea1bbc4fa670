#include "evaluation/deployed_scores.hpp"

#include <functional>
#include <memory>
#include <vector>

#include "evaluation/answers.hpp"
#include "inputs/picture_batch.hpp"
#include "model_io/onnx/deployed_model.hpp"
#include "opencv2/mixmim/error.hpp"
#include "terminal/progress.hpp"

namespace cv::mixmim {

namespace {

/// A batch of one picture, without pixels, with the targets of every labelling.
Batch batchOf(const Source& source, int64_t index) {
  Batch batch;
  batch.samples = {index};
  batch.count = 1;
  batch.classTargets = cv::Mat(1, 1, CV_32S, cv::Scalar(source.label(index)));
  batch.labelTargets = cv::Mat::zeros(1, static_cast<int>(source.labels().size()), CV_8U);
  for (const int label : source.labelsOf(index)) batch.labelTargets.at<uchar>(label) = 1;
  return batch;
}

/// Calls `use` with every picture that OpenCV can read, and its batch.
void forEachPicture(const Source& source, Orientation orientation,
                    const std::function<void(const cv::Mat&, const Batch&)>& use) {
  Progress progress("evaluate", source.size());
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < source.size(); ++i) {
    source.read(i, bytes);
    const cv::Mat picture = decodePicture(bytes, orientation);
    if (picture.empty()) {
      progress.note("left out: " + source.place(i) + ": " + whyNoPicture(bytes));
      continue;
    }
    use(picture, batchOf(source, i));
    progress.count(i + 1, "images");
  }
}

Answers answersOf(Classifier& classifier, const cv::Mat& picture) {
  Answers answers;
  classifier.logits(picture, answers.scores);
  return answers;
}

Labelling labellingOf(const Classifier& classifier) {
  return classifier.severalLabels() ? Labelling::kSeveral : Labelling::kOne;
}

/// The classes of a deployed model, with what its file says of their names.
ModelClasses classesOf(const Classifier& classifier, const std::string& model) {
  return {classifier.labels(), readDeployedModel(model).facts.count(kLabelsFact) > 0,
          labellingOf(classifier)};
}

std::unique_ptr<Measure> measureOf(const Classifier& classifier) {
  return makeMeasure(Task::kFinetune, labellingOf(classifier), classifier.labels());
}

}  // namespace

Measured evaluateDeployed(const std::string& model, const LabelledData& data,
                          const ClassifierOptions& options) {
  const auto classifier = Classifier::create(model, options);
  const auto matched = withClassesOf(classesOf(*classifier, model), data.source, data.where, data.map);
  const auto measure = measureOf(*classifier);
  const auto sheet = makeAnswerSheet(*measure, labellingOf(*classifier));
  forEachPicture(*matched, classifier->orientation(), [&](const cv::Mat& picture, const Batch& batch) {
    sheet->add(batch, answersOf(*classifier, picture));
  });
  if (!data.answers.empty()) sheet->write(data.answers, *matched);
  return measure->result();
}

DeployedCheck checkDeployed(Classifier& exact, const std::string& model, const LabelledData& data) {
  DeployedCheck check;
  const auto matched = withClassesOf(classesOf(exact, model), data.source, data.where, data.map);
  cv::Ptr<Classifier> fast;
  try {
    ClassifierOptions options;
    options.int8 = true;
    fast = Classifier::create(model, options);
  } catch (const Error& e) {
    check.whyNoInt8 = e.what();
  }
  const auto exactMeasure = measureOf(exact), fastMeasure = measureOf(exact);
  forEachPicture(*matched, exact.orientation(), [&](const cv::Mat& picture, const Batch& batch) {
    const Answers answers = answersOf(exact, picture);
    exactMeasure->add(batch, answers);
    if (!fast) return;
    const Answers fastAnswers = answersOf(*fast, picture);
    fastMeasure->add(batch, fastAnswers);
    const float *one = answers.scores.ptr<float>(), *other = fastAnswers.scores.ptr<float>();
    check.sameAnswer += exact.severalLabels() ? labelsAlike(one, other, answers.scores.cols)
                                              : answerAlike(one, other, answers.scores.cols);
  });
  check.float32 = exactMeasure->result();
  if (fast) check.int8 = fastMeasure->result();
  return check;
}

}  // namespace cv::mixmim
