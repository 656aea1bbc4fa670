#include "tests/parity/training_parity.hpp"

#include <algorithm>
#include <cmath>

#include "tests/parity/compare.hpp"
#include "tests/parity/parameters_parity.hpp"
#include "training/schedule.hpp"

namespace cv::mixmim::parity {

namespace {

/// A number per step of a training. A file may have it for fewer steps, or not at all.
class Curve {
 public:
  Curve(const Golden& golden, const std::string& path, Report& report, const std::string& name)
      : quantity_(report, name) {
    if (const json::value* list = golden.find(path))
      numbers_ = numbersOf(*list);
    else
      quantity_.lacks(path);
  }
  void add(size_t step, double got, double absoluteTolerance, double relativeTolerance) {
    if (numbers_.empty()) return;  // said already
    const std::optional<double> wanted =
        step < numbers_.size() ? std::optional(numbers_[step]) : std::nullopt;
    const double scale = std::abs(wanted.value_or(0));
    quantity_.add(cv::format("step %zu", step), got, wanted, absoluteTolerance + relativeTolerance * scale,
                  scale);
  }

 private:
  Quantity quantity_;
  std::vector<double> numbers_;
};

void checkTraining(const Golden& golden, const Config& config, const Weights& weights,
                   const std::function<at::Tensor(int step)>& lossOf, Report& report) {
  const std::map<std::string, at::Tensor> before = valuesOf(weights);
  AdamW optimizer(weights, config);
  checkSteps(golden, golden.name, config.optim, optimizer, 0, lossOf, report);
  report.part(golden.name + " change of the parameters",
              [&] { checkChanges(golden, weights, before, report); });
  report.part(golden.name + " trained parameters",
              [&] { checkTrainedSamples(golden, golden.name, weights, before, report); });
}

}  // namespace

OptimConfig hyperParameters(const Golden& golden) {
  const std::string where = "training.hyper_parameters.";
  OptimConfig optim;
  optim.epochs = golden.number(where + "epochs");
  optim.warmupEpochs = golden.number(where + "warmup_epochs");
  optim.lr = golden.number(where + "lr");
  optim.minLr = golden.number(where + "min_lr");
  optim.weightDecay = golden.number(where + "weight_decay");
  optim.eps = golden.number(where + "eps");
  const std::vector<double> betas = numbersOf(golden.at(where + "betas"));
  optim.beta1 = betas.at(0);
  optim.beta2 = betas.at(1);
  if (const auto decay = golden.numberIf(where + "layer_decay")) optim.layerDecay = *decay;
  return optim;
}

void checkSteps(const Golden& golden, const std::string& about, const OptimConfig& optim, AdamW& optimizer,
                size_t first, const std::function<at::Tensor(int step)>& lossOf, Report& report) {
  const double perEpoch = golden.number("training.hyper_parameters.iters_per_epoch");
  const auto steps = golden.at("training.hyper_parameters.steps").to_number<size_t>();
  Curve rate(golden, "training.lr", report, about + " training, learning rate"),
      loss(golden, "training.loss", report, about + " training, loss"),
      norm(golden, "training.grad_norm", report, about + " training, gradient norm");
  const Tolerances& allowed = report.conditions().tolerances();
  for (size_t step = first; step < steps; ++step) {
    constexpr double kRateTolerance = 1e-12;
    const double lr = learningRate(optim, golden.batch(), static_cast<double>(step) / perEpoch);
    rate.add(step, lr, kRateTolerance, 0);
    optimizer.dropGradients();
    const at::Tensor value = lossOf(static_cast<int>(step));
    value.backward();
    loss.add(step, value.item<double>(), 0, allowed.trainingLoss);
    const at::Tensor length = optimizer.gradientNorm();
    norm.add(step, length.item<double>(), 0, std::max(allowed.gradientNorm, gradientNormTolerance(golden)));
    optimizer.step(lr, /*skip=*/at::zeros_like(length));
  }
}

void checkLearning(const Golden& golden, const Config& config, const Weights& weights,
                   const std::function<at::Tensor(int step)>& lossOf, Report& report) {
  const at::Tensor loss = lossOf(0);
  loss.backward();
  {
    Quantity quantity(report, golden.name + " loss");
    quantity.addRelative("step 0", loss.item<double>(), golden.numberIf("loss"), quantity.tolerances().loss);
  }
  report.part(golden.name + " gradients", [&] { checkGradients(golden, weights, report); });
  Config training = config;
  report.part(golden.name + " training", [&] {
    training.optim = hyperParameters(golden);
    report.part(golden.name + " weight decay and learning rate scale",
                [&] { checkRules(golden, training, weights, report); });
    checkTraining(golden, training, weights, lossOf, report);
  });
}

}  // namespace cv::mixmim::parity
