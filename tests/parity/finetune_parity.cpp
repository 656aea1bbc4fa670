#include "objectives/loss.hpp"
#include "tests/parity/activations.hpp"
#include "tests/parity/classifier.hpp"
#include "tests/parity/parameters_parity.hpp"
#include "tests/parity/parity.hpp"
#include "tests/parity/training_parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

/// A classifier with the recipe's weights, labels and mixtures.
struct Finetuning : Classifier {
  Finetuning(const Golden& file, const Config& settings)
      : Classifier(settings, test::recipeWeights(settings.model, Task::kFinetune, file.seed())),
        golden(file) {}

  Mixture mixture() const { return {static_cast<float>(golden.number("mixup_lambda")), {}}; }

  at::Tensor labels(int step) const {
    std::vector<int64_t> all;
    for (int b = 0; b < golden.batch(); ++b) all.push_back((7 * b + 3 + step) % config.model.classes);
    return at::tensor(all, at::kLong);
  }

  at::Tensor targets(int step) const {
    return mixTargets(classTargets(labels(step), config.model.classes, golden.number("label_smoothing")),
                      mixture());
  }

  at::Tensor mixed(int step) const { return mixImages(imagesOf(golden, step), mixture()); }

  at::Tensor loss(int step) const { return softCrossEntropy(logits(mixed(step)), targets(step).to(device)); }

  const Golden& golden;
};

void checkInputs(const Finetuning& model, const at::Tensor& mixed, Report& report) {
  const Golden& golden = model.golden;
  Quantity quantity(report, golden.name + " labels, mixed images");
  compareEntry(quantity, golden, "mixed_images_step0", mixed.permute({0, 3, 1, 2}));
  const json::value* wanted = golden.find("labels_step0");
  if (!wanted) return quantity.lacks("labels_step0");
  const at::Tensor labels = model.labels(0);
  const std::vector<double> numbers = numbersOf(*wanted);
  for (size_t i = 0; i < numbers.size(); ++i)
    quantity.addExact(cv::format("label %zu", i), labels[static_cast<int64_t>(i)].item<double>(), numbers[i]);
}

void checkLogits(const Golden& golden, const at::Tensor& scores, const at::Tensor& unmixed, Report& report) {
  Quantity quantity(report, golden.name + " logits");
  for (const auto& [key, logits] :
       {std::pair{"logits_first_16", scores}, {"logits_first_16_unmixed_images", unmixed}}) {
    const json::value* wanted = golden.find(key);
    wanted ? compareRows(quantity, key, logits, *wanted) : quantity.lacks(key);
  }
  const json::value* best = golden.find("argmax");
  if (!best) return quantity.lacks("argmax");
  const std::vector<double> numbers = numbersOf(*best);
  for (size_t i = 0; i < numbers.size(); ++i)
    quantity.addExact(cv::format("argmax of image %zu", i),
                      scores[static_cast<int64_t>(i)].argmax().item<double>(), numbers[i]);
}

void checkOutputs(const Finetuning& model, const at::Tensor& mixed, const at::Tensor& targets,
                  Report& report) {
  const Golden& golden = model.golden;
  const at::NoGradGuard noGrad;
  Quantity quantity(report, golden.name + " activations");
  Activations activations(golden, quantity, quantity);
  const Plan& plan = model.encoder.plan();
  if (merges(plan)) activations.show("patch_embed", model.encoder.embed(mixed.to(model.device)));
  const at::Tensor pooled = model.pooled(mixed, activations.trace(plan)), scores = model.head(pooled),
                   unmixed = model.logits(imagesOf(golden, 0));
  activations.offer("pooled", pooled);
  activations.offer("logits", scores);
  activations.offer("logits_unmixed_images", unmixed);
  activations.offer("soft_targets", targets);
  activations.finish();
  checkLogits(golden, scores, unmixed, report);
}

}  // namespace

void checkFinetuning(const Golden& golden, Report& report) {
  const Config config = configOf(golden, Task::kFinetune, report);
  checkConfig(golden, config, report);
  const Finetuning model(golden, config);
  checkWeights(golden, config, model.weights, report);
  const at::Tensor mixed = model.mixed(0), targets = model.targets(0);
  checkInputs(model, mixed, report);
  checkOutputs(model, mixed, targets, report);
  checkLearning(
      golden, config, model.weights, [&](int step) { return model.loss(step); }, report);
}

}  // namespace cv::mixmim::parity
