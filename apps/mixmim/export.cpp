#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/trainer_scores.hpp"
#include "apps/mixmim/verb.hpp"
#include "model_io/checkpoint.hpp"
#include "model_io/foreign_checkpoint.hpp"
#include "model_io/onnx_export.hpp"
#include "model_io/parameters.hpp"
#include "opencv2/mixmim/classifier.hpp"

namespace cv::mixmim {

namespace {

/// What is exported, wherever it came from.
struct Model {
  Config config;
  TensorMap weights;
  DeployedModel about;
};

/// "0", "1", ...: the names of classes that have no other.
std::vector<std::string> numbers(int classes) {
  std::vector<std::string> names;
  for (int i = 0; i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

Model fromCheckpoint(const std::string& path) {
  const CheckpointInfo info = readCheckpointInfo(path);
  if (info.config.run.task != Task::kFinetune)
    throw Error(path, "is a pretraining checkpoint, which has no classes", "fine-tune it first");
  if (info.config.model.classes == 0)
    throw Error(path, "holds an encoder without a classifier", "fine-tune it first");
  sayNotes(path);
  Model model{info.config, readWeights(path), {}};
  model.about.labels = info.labels.empty() ? numbers(info.config.model.classes) : info.labels;
  model.about.facts = {{"model", info.config.model.name},
                       {"steps", fmt::format("{}", info.step)},
                       {"epochs", fmt::format("{:.2f}", info.epoch)}};
  if (info.bestTop1 >= 0) model.about.facts["best_val_top1"] = fmt::format("{:.4f}", info.bestTop1);
  return model;
}

Model untrained(const CommandLine& line) {
  constexpr int kImageNetClasses = 1000;
  Model model{line.config(), {}, {}};
  if (model.config.model.classes == 0) model.config.model.classes = kImageNetClasses;
  model.weights = initialWeights(model.config.model, Task::kFinetune, model.config.run.seed);
  model.about.labels = numbers(model.config.model.classes);
  model.about.facts = {{"model", model.config.model.name}, {"steps", "0"}};
  return model;
}

std::vector<std::string> readLabels(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(path, "cannot be read", "expected a text file with one label per line");
  std::vector<std::string> labels;
  for (std::string label; std::getline(file, label);) labels.push_back(label);
  return labels;
}

/// The weights for PyTorch, in the layout of the official code.
int writeForPytorch(const std::string& out, const std::string& init, bool withOptimizer, bool json) {
  if (init.empty())
    throw UsageError("mixmim export: a .pth needs --init; `mixmim export --help` explains it");
  const CheckpointInfo info = readCheckpointInfo(init);
  sayNotes(init);
  TrainerState state;
  if (withOptimizer)
    state = readTrainerState(init);
  else
    state.weights = readWeights(init);
  writeOfficialPth(out, state, info, withOptimizer ? PthContent::kWeightsAndOptimizer : PthContent::kWeights);
  const auto bytes = std::filesystem::file_size(out);
  if (json)
    std::cout << boost::json::serialize(boost::json::object{{"file", out}, {"bytes", bytes}}) << '\n';
  else
    std::cout << fmt::format("{}: {:.1f} MB, for torch.load\n", out, static_cast<double>(bytes) / 1e6);
  return kDone;
}

}  // namespace

int runExport(const Arguments& arguments) {
  CommandLine line("export",
                   "Writes one deployable .onnx, with preprocessing, labels and a test picture inside; or "
                   "weights for PyTorch.",
                   "--init CHECKPOINT --out model.onnx|weights.pth [OPTION...]",
                   "mixmim export --init runs/second --out model.onnx");
  line.option("out", "The file to write; its ending decides what it is.")
      .option("labels", "Text file with one label per line, instead of the checkpoint's class names.")
      .flag("optimizer", "Into a .pth, also the optimizer's state.")
      .flag("json", "Print the result as one JSON object.")
      .settings(Task::kFinetune, {"model", "run.init", "run.seed", "run.trainer", "augment.evalCrop"});
  if (!line.parse(arguments)) return kDone;
  const std::string out = line.required("out");
  const Config given = line.config();
  if (isPthName(out)) return writeForPytorch(out, given.run.init, line.has("optimizer"), line.has("json"));
  Model model = given.run.init.empty() ? untrained(line) : fromCheckpoint(given.run.init);
  model.config.run.trainer = given.run.trainer;
  model.config.run.device = "cpu";
  if (!line.get("labels").empty()) model.about.labels = readLabels(line.get("labels"));
  if (static_cast<int>(model.about.labels.size()) != model.config.model.classes)
    throw Error(line.get("labels"), fmt::format("expected {} labels, got {}", model.config.model.classes,
                                                model.about.labels.size()));
  model.about.evalCrop = model.config.augment.evalCrop;

  constexpr int kPictures = 4;
  const std::vector<cv::Mat> pictures = testPictures(kPictures, model.config.model.imageSize);
  std::string whyNot;
  const auto expected = trainerScores(model.config, model.weights, pictures, &whyNot);
  const ExportReport report = exportOnnx(out, model.weights, model.config.model, model.about);
  const auto classifier = Classifier::create(out);  // replays the golden picture
  boost::json::value difference;                    // null: nothing to compare with
  if (expected) {
    cv::Mat scores;
    classifier->logits(pictures, scores);
    difference = cv::norm(scores, *expected, cv::NORM_INF);
  }
  if (line.has("json")) {
    std::cout << boost::json::serialize(boost::json::object{
                     {"file", out}, {"bytes", report.bytes}, {"max_abs_error", difference}})
              << '\n';
  } else {
    std::cout << fmt::format("{}: {:.1f} MB, {} classes\n", out, static_cast<double>(report.bytes) / 1e6,
                             model.about.labels.size());
    std::cout << (expected ? fmt::format("OpenCV {} against the trainer: scores differ by at most {:.1e}\n",
                                         CV_VERSION, difference.as_double())
                           : fmt::format("not compared with the trainer: {}\n", whyNot));
  }
  return kDone;
}

}  // namespace cv::mixmim
