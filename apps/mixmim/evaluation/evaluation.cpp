#include "evaluation/evaluation.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "evaluation/answers.hpp"
#include "opencv2/mixmim/error.hpp"
#include "terminal/json_number.hpp"
#include "terminal/progress.hpp"

namespace cv::mixmim {

int64_t EvaluationResult::imagesOf(int label) const {
  return static_cast<int64_t>(cv::sum(confusion.row(label))[0]);
}

double EvaluationResult::top1Of(int label) const {
  const int64_t all = imagesOf(label);
  return all == 0 ? 0 : static_cast<double>(confusion.at<int>(label, label)) / static_cast<double>(all);
}

Accuracy::Accuracy(int classes, int64_t batches)
    : classes_(classes),
      losses_(static_cast<size_t>(batches)),
      confusion_(cv::Mat::zeros(classes, classes, CV_32S)) {}

void Accuracy::add(const float* scores, int label, int64_t batch) {
  if (label < 0) return;
  constexpr int kFew = 5;
  const int place = placeOf(scores, classes_, label), answer = answerOf(scores, classes_, label);
  top1_ += place < 1;
  top5_ += place < kFew;
  const float largest = scores[answer];
  double sum = 0;
  for (int c = 0; c < classes_; ++c) sum += std::exp(static_cast<double>(scores[c] - largest));
  losses_[static_cast<size_t>(batch)] += std::log(sum) - static_cast<double>(scores[label] - largest);
  ++confusion_.at<int>(label, answer);
}

void Accuracy::addOthers(World& world) {
  std::vector<double> numbers{top1_, top5_};
  numbers.insert(numbers.end(), losses_.begin(), losses_.end());
  numbers.insert(numbers.end(), confusion_.begin<int>(), confusion_.end<int>());
  world.sum(numbers);  // counts, and losses of which all but one are 0: no order changes the result
  top1_ = numbers[0];
  top5_ = numbers[1];
  const auto losses = numbers.begin() + 2, counts = losses + static_cast<std::ptrdiff_t>(losses_.size());
  std::copy(losses, counts, losses_.begin());
  std::copy(counts, numbers.end(), confusion_.begin<int>());
}

EvaluationResult Accuracy::result() const {
  EvaluationResult result;
  result.images = static_cast<int64_t>(cv::sum(confusion_)[0]);
  const double n = std::max<double>(1, static_cast<double>(result.images));
  result.top1 = top1_ / n;
  result.top5 = top5_ / n;
  result.loss = std::accumulate(losses_.begin(), losses_.end(), 0.0) / n;
  result.confusion = confusion_;
  return result;
}

EvaluationResult evaluate(const std::shared_ptr<const Source>& source, const Config& config, int classes,
                          const std::function<cv::Mat(const Batch&)>& scores, World& world,
                          Mistakes* mistakes) {
  Pipeline pipeline(source, {config, Recipe::kEval, {}});
  const int64_t batches = pipeline.stepsPerEpoch();
  const int64_t first = world.rank() * batches / world.size(),
                last = (world.rank() + 1) * batches / world.size();
  Progress progress("evaluate",
                    std::min(last * config.data.batch, source->size()) - first * config.data.batch);
  Accuracy accuracy(classes, batches);
  int64_t done = 0;
  pipeline.start(first, last);
  while (const auto batch = pipeline.next()) {
    const cv::Mat answers = scores(*batch);
    for (int i = 0; i < batch->count; ++i) {
      accuracy.add(answers.ptr<float>(i), batch->classTargets.at<int>(i), batch->step);
      if (mistakes) mistakes->add(*batch, i, answers.ptr<float>(i), classes);
    }
    progress.count(done += batch->count, "images");
  }
  std::string leftOut;
  for (const BadImage& image : pipeline.badImages())
    leftOut += fmt::format("left out: {}: {}\n", placeText(image.path, image.offset), image.reason);
  for (std::string& lines : world.gather(leftOut))
    if (!lines.empty()) progress.note(lines.substr(0, lines.size() - 1));
  accuracy.addOthers(world);
  if (mistakes) mistakes->addOthers(world);
  return accuracy.result();
}

boost::json::object toJson(const EvaluationResult& result, const std::vector<std::string>& labels) {
  boost::json::array perClass;
  for (int c = 0; c < static_cast<int>(labels.size()); ++c)
    perClass.push_back({{"label", labels[static_cast<size_t>(c)]},
                        {"images", result.imagesOf(c)},
                        {"top1", result.top1Of(c)}});
  return {{"images", result.images},
          {"top1", result.top1},
          {"top5", result.top5},
          {"loss", finiteOrNull(result.loss)},
          {"per_class", std::move(perClass)}};
}

void checkLabels(const std::string& where, const std::vector<std::string>& data,
                 const std::vector<std::string>& model) {
  if (data == model) return;
  const auto [a, b] = std::mismatch(data.begin(), data.end(), model.begin(), model.end());
  throw Error(
      where,
      fmt::format("expected the {} classes of the model, got {}; the first difference: '{}' here, '{}' there",
                  model.size(), data.size(), a == data.end() ? "" : *a, b == model.end() ? "" : *b),
      "class folders must have the same names");
}

}  // namespace cv::mixmim
