#include "network/encoder.hpp"
#include "objectives/loss.hpp"
#include "tests/parity/parity.hpp"
#include "tests/parity/training_parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

struct Finetuning {
  Finetuning(const Golden& file, const Config& settings)
      : golden(file),
        config(settings),
        weights(config.model, Task::kFinetune, 0, at::kCPU),
        encoder(weights, config.model),
        head(weights, "head") {
    weights.assign(test::recipeWeights(config.model, Task::kFinetune, golden.seed()));
  }

  Mixture mixture() const { return {static_cast<float>(golden.number("mixup_lambda")), {}}; }

  at::Tensor labels(int step) const {
    std::vector<int64_t> all;
    for (int b = 0; b < golden.batch(); ++b) all.push_back((7 * b + 3 + step) % config.model.classes);
    return at::tensor(all, at::kLong);
  }

  at::Tensor targets(int step) const {
    return mixTargets(labels(step), config.model.classes, golden.number("label_smoothing"), mixture());
  }

  at::Tensor pooled(const at::Tensor& images, const Trace& trace = {}) const {
    return encoder.forward(images, nullptr, trace).mean(1);
  }

  at::Tensor loss(int step) const {
    return softCrossEntropy(head(pooled(mixImages(imagesOf(golden, step), mixture()))), targets(step));
  }

  const Golden& golden;
  Config config;
  Weights weights;
  Encoder encoder;
  Linear head;
};

/// "logits_first_16": the first columns of every row.
void compareFirstColumns(Quantity& quantity, const char* key, const at::Tensor& logits,
                         const Golden& golden) {
  const double tolerance = kActivationTolerance + kActivationTolerance * logits.abs().max().item<double>();
  int64_t row = 0;
  for (const json::value& wanted : golden.at(key).as_array()) {
    const std::vector<double> columns = numbersOf(wanted);
    for (size_t c = 0; c < columns.size(); ++c)
      quantity.add(cv::format("%s[%ld, %zu]", key, static_cast<long>(row), c),
                   logits[row][static_cast<int64_t>(c)].item<double>(), columns[c], tolerance, 1);
    ++row;
  }
}

void checkInputs(const Finetuning& model, const at::Tensor& mixed, Report& report) {
  const Golden& golden = model.golden;
  Quantity quantity(report, golden.name + " labels, mixed images");
  const std::vector<double> wanted = numbersOf(golden.at("labels_step0"));
  const at::Tensor labels = model.labels(0);
  for (size_t i = 0; i < wanted.size(); ++i)
    quantity.addExact(cv::format("label %zu", i), labels[static_cast<int64_t>(i)].item<double>(), wanted[i]);
  compareDescription(quantity, "mixed images", mixed.permute({0, 3, 1, 2}), golden.at("mixed_images_step0"));
}

void checkOutputs(const Finetuning& model, const at::Tensor& images, const at::Tensor& mixed,
                  Report& report) {
  const Golden& golden = model.golden;
  const at::NoGradGuard noGrad;
  Quantity activations(report, golden.name + " activations"), logits(report, golden.name + " logits");
  const json::object& wanted = golden.at("activations").as_object();
  const auto compare = [&](const std::string& name, const at::Tensor& value) {
    if (const json::value* entry = wanted.if_contains(name))
      compareDescription(activations, name, value, *entry);
    if (const auto tensor = golden.tensors.find(name); tensor != golden.tensors.end())
      compareTensor(activations, name, value, tensor->second);
  };
  compare("patch_embed", model.encoder.embed(mixed));
  const at::Tensor pooled = model.pooled(mixed, compare), scores = model.head(pooled);
  const at::Tensor unmixed = model.head(model.pooled(images));
  compare("pooled", pooled);
  compare("logits", scores);
  compare("logits_unmixed_images", unmixed);
  compare("soft_targets", model.targets(0));
  compareFirstColumns(logits, "logits_first_16", scores, golden);
  compareFirstColumns(logits, "logits_first_16_unmixed_images", unmixed, golden);
  const std::vector<double> best = numbersOf(golden.at("argmax"));
  for (size_t i = 0; i < best.size(); ++i)
    logits.addExact(cv::format("argmax of image %zu", i),
                    scores[static_cast<int64_t>(i)].argmax().item<double>(), best[i]);
}

}  // namespace

void checkFinetuning(const Golden& golden, Report& report) {
  const Finetuning model(golden, configOf(golden, Task::kFinetune, report));
  const at::Tensor images = imagesOf(golden, 0), mixed = mixImages(images, model.mixture());
  checkWeights(golden, model.config, model.weights, report);
  checkInputs(model, mixed, report);
  checkOutputs(model, images, mixed, report);
  checkLearning(
      golden, model.config, model.weights, [&](int step) { return model.loss(step); }, report);
}

}  // namespace cv::mixmim::parity
