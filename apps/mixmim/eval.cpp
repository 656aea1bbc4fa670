#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/classifier_options.hpp"
#include "apps/mixmim/data_source.hpp"
#include "apps/mixmim/deployed_scores.hpp"
#include "apps/mixmim/evaluation.hpp"
#include "apps/mixmim/json_number.hpp"
#include "apps/mixmim/verb.hpp"

namespace cv::mixmim {

namespace {

struct Evaluated {
  EvaluationResult result;
  std::vector<std::string> labels;
};

/// The model's class names. Weights from elsewhere may have none: then the data's, if there are as many.
std::vector<std::string> labelsOf(const std::string& path, const LoadedModel& model, const std::string& where,
                                  const std::vector<std::string>& data) {
  if (!model.info.labels.empty()) return model.info.labels;
  const auto classes = static_cast<size_t>(model.info.config.model.classes);
  if (data.size() != classes)
    throw Error(where, fmt::format("expected {} classes as in {}, got {}", classes, path, data.size()));
  return data;
}

Evaluated evaluateCheckpoint(const std::string& path, const std::shared_ptr<const Source>& source,
                             const Config& config) {
  const LoadedModel model = loadModel(path, config.run);
  const Config& trained = model.info.config;
  if (trained.run.task != Task::kFinetune)
    throw Error(path, "is a pretraining checkpoint, which has no classes",
                "fine-tune it first, or use `mixmim probe`");
  const std::vector<std::string> labels = labelsOf(path, model, config.data.train, source->labels());
  checkLabels(config.data.train, source->labels(), labels);
  Config run = trained;
  run.data.batch = config.data.batch;
  const auto scores = [&](const Batch& batch) { return model.trainer->logits(batch); };
  return {evaluate(source, run, trained.model.classes, scores), labels};
}

/// Through the path of an application: picture file -> Classifier.
Evaluated evaluateDeployed(const std::string& path, const std::shared_ptr<const Source>& source,
                           const ClassifierOptions& options) {
  const auto classifier = Classifier::create(path, options);
  checkLabels(source->path(0), source->labels(), classifier->labels());
  return {evaluateClassifier(*classifier, *source), classifier->labels()};
}

boost::json::object toJson(const Evaluated& evaluated) {
  const auto& [result, labels] = evaluated;
  boost::json::array perClass, confusion;
  for (int c = 0; c < static_cast<int>(labels.size()); ++c) {
    perClass.push_back({{"label", labels[static_cast<size_t>(c)]},
                        {"images", result.imagesOf(c)},
                        {"top1", result.top1Of(c)}});
    const int* row = result.confusion.ptr<int>(c);
    confusion.push_back(boost::json::array(row, row + labels.size()));
  }
  return {{"images", result.images},           {"top1", result.top1},   {"top5", result.top5},
          {"loss", finiteOrNull(result.loss)}, {"per_class", perClass}, {"confusion", confusion}};
}

void printForPeople(const Evaluated& evaluated) {
  const auto& [result, labels] = evaluated;
  std::cout << fmt::format("{} images, top-1 {:.2f} %, top-5 {:.2f} %, loss {:.4f}\n\n", result.images,
                           100 * result.top1, 100 * result.top5, result.loss);
  std::cout << fmt::format("{:<24} {:>8} {:>8}\n", "class", "images", "top-1");
  for (int c = 0; c < static_cast<int>(labels.size()); ++c)
    std::cout << fmt::format("{:<24} {:>8} {:>6.1f} %\n", labels[static_cast<size_t>(c)], result.imagesOf(c),
                             100 * result.top1Of(c));
}

/// The confusion matrix: a row per true class, a column per answer.
void writeCsv(const std::string& path, const Evaluated& evaluated) {
  std::ofstream file(path);
  const auto quoted = [](const std::string& label) {
    std::string text = "\"";
    for (const char c : label) text += c == '"' ? "\"\"" : std::string(1, c);
    return text + '"';
  };
  file << "true class";
  for (const std::string& label : evaluated.labels) file << ',' << quoted(label);
  for (int row = 0; row < evaluated.result.confusion.rows; ++row) {
    file << '\n' << quoted(evaluated.labels[static_cast<size_t>(row)]);
    for (int column = 0; column < evaluated.result.confusion.cols; ++column)
      file << ',' << evaluated.result.confusion.at<int>(row, column);
  }
  file << '\n';
  if (!file.flush()) throw Error(path, "cannot be written");
}

}  // namespace

int runEval(const Arguments& arguments) {
  CommandLine line("eval", "Accuracy of a checkpoint, or of an .onnx through the path an application takes.",
                   "--model FILE --data SRC [OPTION...]",
                   "mixmim eval --model runs/second --data photos/val --csv confusion.csv");
  line.option("model", "A checkpoint, a run folder, or an .onnx.")
      .flag("json", "Print the result as one JSON object.")
      .option("csv", "Write the confusion matrix to this file: a row per true class, a column per answer.")
      .settings(Task::kFinetune, {"data.train", "data.batch", "run.device", "run.threads", "run.trainer"});
  addClassifierOptions(line);
  if (!line.parse(arguments)) return kDone;
  const std::string model = line.required("model");
  const Config config = line.config();
  if (config.data.train.empty())
    throw UsageError("mixmim eval: --data is needed; `mixmim eval --help` explains it");
  const bool deployed = std::filesystem::path(model).extension() == ".onnx";
  const ClassifierOptions options = classifierOptionsOf(line);
  if (deployed)
    computeOn(config.run.threads);
  else
    refuseClassifierOptions(line, "only for an .onnx; a checkpoint is computed by its trainer");
  const auto source = openAndReport(config.data.train);
  if (source->labels().empty())
    throw Error(config.data.train, "has no class folders, so there is nothing to compare with");
  const Evaluated evaluated =
      deployed ? evaluateDeployed(model, source, options) : evaluateCheckpoint(model, source, config);
  if (!line.get("csv").empty()) writeCsv(line.get("csv"), evaluated);
  if (line.has("json"))
    std::cout << boost::json::serialize(toJson(evaluated)) << '\n';
  else
    printForPeople(evaluated);
  return kDone;
}

}  // namespace cv::mixmim
