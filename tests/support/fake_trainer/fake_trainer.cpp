#include "tests/support/fake_trainer/fake_trainer.hpp"

#include <cmath>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim::test {

namespace {

constexpr int kFeatures = 4;  // mean R, G, B in 0..1, and 1

Tensor toTensor(const cv::Mat& values) {
  Tensor tensor = Tensor::zeros({values.rows, values.cols});
  std::copy(values.begin<float>(), values.end<float>(), tensor.as<float>());
  return tensor;
}

cv::Mat toMat(const TensorMap& tensors, const std::string& name, cv::Size size) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.elements() != size.area())
    throw Error("fake trainer", "expected " + name);
  return cv::Mat(size, CV_32F, const_cast<float*>(found->second.as<float>())).clone();
}

cv::Mat meanColours(const Batch& batch) {
  cv::Mat features(batch.count, kFeatures, CV_32F);
  for (int i = 0; i < batch.count; ++i) {
    const cv::Scalar mean = cv::mean(batch.picture(i));
    for (int c = 0; c < 3; ++c) features.at<float>(i, c) = static_cast<float>(mean[c] / 255);
    features.at<float>(i, 3) = 1;
  }
  return features;
}

cv::Mat softmaxRows(const cv::Mat& scores) {
  cv::Mat result, sums;
  cv::exp(scores, result);
  cv::reduce(result, sums, 1, cv::REDUCE_SUM);
  return result / cv::repeat(sums, 1, scores.cols);
}

}  // namespace

FakeTrainer::FakeTrainer(const Config& config) : Trainer(config) {
  const int outputs = config.run.task == Task::kPretrain ? 3 : config.model.classes;
  weights_ = cv::Mat::zeros(kFeatures, outputs, CV_32F);
  momentum_ = weights_.clone();
}

cv::Mat FakeTrainer::doAllocate(int batch) {
  const cv::Size size = config().model.imageSize;
  const int shape[] = {batch, size.height, size.width, 3};
  return cv::Mat(4, shape, CV_8U);
}

std::optional<StepReport> FakeTrainer::doStep(const Batch& batch) {
  const cv::Mat x = meanColours(batch);
  cv::Mat error = x * weights_;  // becomes the derivative of the loss by the outputs
  double loss = 0;
  if (config().run.task == Task::kPretrain) {
    cv::Mat reversed;
    cv::flip(x.colRange(0, 3), reversed, 0);  // the partner's colours
    error -= reversed;
    loss = cv::norm(error, cv::NORM_L2SQR) / static_cast<double>(error.total());
  } else if (config().model.labels == Labelling::kSeveral) {
    cv::Mat labels;
    batch.labelTargets.convertTo(labels, CV_32F);
    error = probabilitiesOf(error, true) - labels;
    loss = cv::norm(error, cv::NORM_L1) / static_cast<double>(error.total());
  } else {
    error = softmaxRows(error);
    for (int i = 0; i < error.rows; ++i) {
      float& own = error.at<float>(i, batch.classTargets.at<int>(i));
      loss -= std::log(std::max(own, 1e-12f)) / error.rows;
      own -= 1;
    }
  }
  if (batch.accumulation.part == 0) {
    gradient_ = cv::Mat::zeros(weights_.size(), CV_32F);
    loss_ = 0;
  }
  gradient_ += x.t() * error / (x.rows * batch.accumulation.inAll);
  loss = loss_ += loss / batch.accumulation.inAll;
  if (batch.accumulation.part + 1 < batch.accumulation.parts) return std::nullopt;
  constexpr double kMomentum = 0.9, kRate = 0.5;
  const double rate = config().optim.lr > 0 ? config().optim.lr : kRate;
  const cv::Mat momentum = kMomentum * momentum_ - rate * gradient_, weights = weights_ + momentum;
  const bool finite = std::isfinite(loss) && cv::checkRange(weights);
  if (finite) {  // a step that is not finite changes nothing
    momentum_ = momentum;
    weights_ = weights;
  }
  return StepReport{batch.step, loss, cv::norm(gradient_), rate, !finite};
}

Answers FakeTrainer::doAnswers(const Batch& batch) {
  Answers answers;
  if (config().run.task == Task::kPretrain)
    answers.pictures = batch.images.clone();
  else
    answers.scores = meanColours(batch) * weights_;
  return answers;
}

cv::Mat FakeTrainer::doFeatures(const Batch& batch) {
  return meanColours(batch);
}

TrainerState FakeTrainer::doState() {
  return {{{"weights", toTensor(weights_)}}, {{"weights.momentum", toTensor(momentum_)}}};
}

void FakeTrainer::doRestore(const TrainerState& state) {
  weights_ = toMat(state.weights, "weights", weights_.size());
  if (!state.optimizer.empty()) momentum_ = toMat(state.optimizer, "weights.momentum", weights_.size());
}

LoadReport FakeTrainer::doInitialise(const TensorMap& weights) {
  LoadReport report;
  for (const auto& entry : weights)
    report.unused.push_back(entry.first);  // nothing of another task fits this model
  report.missing.push_back("weights");
  return report;
}

}  // namespace cv::mixmim::test
