#include "evaluation/accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "evaluation/answers.hpp"
#include "evaluation/precision_recall.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

NamedNumber top1Of(double share) {
  return {"top1", "top-1", share};
}

/// The numbers of a class: 0 where it has no images, or was never answered.
MeasuredClass classOf(const std::string& label, const cv::Mat& confusion, int index) {
  const double images = cv::sum(confusion.row(index))[0], answers = cv::sum(confusion.col(index))[0];
  const double right = confusion.at<int>(index, index);
  return {label, static_cast<int64_t>(images), top1Of(ratio(right, images)),
          AnswerCounts{right, answers, images}.numbers()};
}

TellingPictures described(const char* name, const std::vector<Mistake>& mistakes,
                          const std::vector<std::string>& labels) {
  TellingPictures telling{name, {}};
  for (const Mistake& mistake : mistakes)
    telling.pictures.push_back({mistake.sample,
                                mistake.picture,
                                {{"label", labels[static_cast<size_t>(mistake.label)]},
                                 {"answer", labels[static_cast<size_t>(mistake.answer)]},
                                 {"probability", mistake.probability},
                                 {"label_probability", mistake.labelProbability}}});
  return telling;
}

}  // namespace

Accuracy::Accuracy(std::vector<std::string> labels) : labels_(std::move(labels)) {
  const int classes = static_cast<int>(labels_.size());
  confusion_ = cv::Mat::zeros(classes, classes, CV_32S);
}

void Accuracy::add(const Batch& batch, const Answers& answers) {
  if (answers.scores.cols != classes())
    throw Error("evaluation", fmt::format("expected {} scores per image, one for each label, got {}",
                                          classes(), answers.scores.cols));
  for (int slot = 0; slot < batch.count; ++slot) {
    const float* scores = answers.scores.ptr<float>(slot);
    count(scores, batch.classTargets.at<int>(slot), batch.step);
    if (!batch.images.empty()) mistakes_.add(batch, slot, scores, classes());
  }
}

void Accuracy::count(const float* scores, int label, int64_t step) {
  if (label < 0) return;
  constexpr int kFew = 5;
  const int place = placeOf(scores, classes(), label), answer = answerOf(scores, classes(), label);
  top1_ += place < 1;
  top5_ += place < kFew;
  const float largest = scores[answer];
  double sum = 0;
  for (int c = 0; c < classes(); ++c) sum += std::exp(static_cast<double>(scores[c] - largest));
  losses_[step] += std::log(sum) - static_cast<double>(scores[label] - largest);
  ++confusion_.at<int>(label, answer);
}

void Accuracy::addOthers(World& world) {
  if (world.size() == 1) return;
  shareCounts(world);
  shareLosses(world);
  mistakes_.addOthers(world);
}

/// Whole numbers, so no order of adding them changes the sums.
void Accuracy::shareCounts(World& world) {
  std::vector<double> counts{top1_, top5_};
  counts.insert(counts.end(), confusion_.begin<int>(), confusion_.end<int>());
  world.sum(counts);
  top1_ = counts[0];
  top5_ = counts[1];
  std::copy(counts.begin() + 2, counts.end(), confusion_.begin<int>());
}

/// Numbers as they lie in memory.
void Accuracy::shareLosses(World& world) {
  struct Loss {
    int64_t batch;
    double sum;
  };
  std::string own;
  for (const auto& [batch, sum] : losses_) {
    const Loss loss{batch, sum};
    own.append(reinterpret_cast<const char*>(&loss), sizeof loss);
  }
  for (const std::string& losses : world.gather(own))
    for (size_t at = 0; at < losses.size(); at += sizeof(Loss)) {
      Loss loss{};
      std::memcpy(&loss, losses.data() + at, sizeof loss);
      losses_[loss.batch] = loss.sum;
    }
}

Measured Accuracy::result() const {
  Measured result;
  result.images = static_cast<int64_t>(cv::sum(confusion_)[0]);
  const double n = std::max<double>(1, static_cast<double>(result.images));
  const double loss = std::accumulate(losses_.begin(), losses_.end(), 0.0,
                                      [](double sum, const auto& batch) { return sum + batch.second; });
  result.numbers = {top1Of(top1_ / n), {"top5", "top-5", top5_ / n}, {"loss", "loss", loss / n, false}};
  for (int c = 0; c < classes(); ++c)
    result.classes.push_back(classOf(labels_[static_cast<size_t>(c)], confusion_, c));
  result.macro = macroOf(result.classes);
  result.confusion = confusion_.clone();
  result.telling = {described("confident", mistakes_.mostConfident(), labels_),
                    described("hardest", mistakes_.hardest(), labels_)};
  return result;
}

}  // namespace cv::mixmim
