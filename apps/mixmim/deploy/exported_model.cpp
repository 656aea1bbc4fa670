#include "deploy/exported_model.hpp"

#include <iostream>

#include <fmt/format.h>

#include "evaluation/measure.hpp"
#include "inputs/checkpoint_config.hpp"
#include "inputs/class_match.hpp"
#include "inputs/text_lines.hpp"
#include "model/parameters.hpp"
#include "model/resize_weights.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

void checkHead(const CheckpointInfo& info, Head head, const std::string& path) {
  if (!hasClasses(head)) return;
  const char* hint = "fine-tune it first, or export it with --head features or --head pyramid";
  if (info.config.run.task == Task::kPretrain)
    throw Error(path, "is a pretraining checkpoint, which has no classes", hint);
  if (info.config.model.classes == 0) throw Error(path, "holds an encoder without a classifier", hint);
}

/// The checkpoint's config with what the line may change of it.
Config withGiven(Config config, const CommandLine& line) {
  const std::vector<Option> known = options(config);
  for (const Setting& setting : line.given())
    for (const Option& option : known) {
      const bool free = option.is(Scope::kChangesOnExport);
      if ((setting.key != option.name && setting.key != option.alias) || !(free || option.is(Scope::kShape)))
        continue;
      const std::string before = option.get();
      try {
        option.set(setting.value);
      } catch (const Error& e) {
        throw UsageError(e.what());
      }
      if (!free && option.get() != before)
        throw UsageError(
            fmt::format("{}: expected {} as in the checkpoint, got {}; of a trained model only "
                        "--model.imageSize can be changed",
                        setting.origin, before, setting.value));
    }
  takeEvalView(line, config);
  return config;
}

ExportedModel fromCheckpoint(const std::string& path, const CommandLine& line, const ExportOptions& options) {
  const CheckpointInfo info = readCheckpointInfo(path, headDimAmong(line.given()));
  checkHead(info, options.head, path);
  ExportedModel model{withGiven(info.config, line), {}, {}};
  checkExportSize(model.config.model, options);
  sayNotes(path);
  model.weights = readWeights(path);
  model.about.labels = info.labels;
  model.about.facts = {{"model", info.config.model.name},
                       {"steps", fmt::format("{}", info.step)},
                       {"epochs", fmt::format("{:.2f}", info.epoch)}};
  if (info.best >= 0)
    model.about.facts[fmt::format("best_val_{}", headlineName(info.config.model.labels))] =
        fmt::format("{:.4f}", info.best);
  const cv::Size trained = info.config.model.imageSize, wanted = model.config.model.imageSize;
  if (trained != wanted) {
    std::cerr << fmt::format("{}: interpolated from {} px to {} px\n", path, sizeText(trained),
                             sizeText(wanted));
    model.weights = weightsForImageSize(model.weights, info.config.model, model.config.model);
    model.about.facts["trained_at_px"] = sizeText(trained);
  }
  return model;
}

ExportedModel untrained(const CommandLine& line, const ExportOptions& options) {
  constexpr int kImageNetClasses = 1000;
  ExportedModel model{line.config(), {}, {}};
  if (model.config.model.classes == 0) model.config.model.classes = kImageNetClasses;
  checkExportSize(model.config.model, options);
  model.weights = initialWeights(model.config.model, Task::kFinetune, model.config.run.seed);
  model.about.facts = {{"model", model.config.model.name}, {"steps", "0"}};
  return model;
}

/// From --labels, else the checkpoint's, else numbers; none where the head has no classes.
std::vector<std::string> labelsFor(const ExportedModel& model, const std::string& file, Head head) {
  if (!hasClasses(head)) {
    if (file.empty()) return {};
    throw UsageError(fmt::format("--labels: the head {} has no classes", nameOf(head)));
  }
  const int classes = model.config.model.classes;
  if (file.empty()) return model.about.labels.empty() ? numberedClasses(classes) : model.about.labels;
  std::vector<std::string> labels = readTextLines(file, "expected a text file with one label per line");
  if (static_cast<int>(labels.size()) != classes)
    throw Error(file, fmt::format("expected {} labels, one per line, got {}", classes, labels.size()));
  return labels;
}

}  // namespace

std::string initOf(const CommandLine& line) {
  std::string path;
  for (const Setting& setting : line.given())
    if (setting.key == "init" || setting.key == "run.init") path = setting.value;
  return path;
}

ExportedModel exportedModel(const CommandLine& line, const ExportOptions& options) {
  const std::string init = initOf(line);
  ExportedModel model = init.empty() ? untrained(line, options) : fromCheckpoint(init, line, options);
  model.config.run.device = "cpu";
  model.config.run.gpuKernels = "libtorch";
  model.about.labels = labelsFor(model, line.get("labels"), options.head);
  if (line.has("labels")) model.about.facts[kLabelsFact] = "given at export";
  model.about.evalView = model.config.augment.evalView();
  model.about.orientation = model.config.data.orientation;
  return model;
}

}  // namespace cv::mixmim
