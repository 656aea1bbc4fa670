#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "evaluation/checkpoint_scores.hpp"
#include "evaluation/deployed_scores.hpp"
#include "evaluation/evaluation.hpp"
#include "inputs/classifier_options.hpp"
#include "inputs/data_source.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

using Evaluated = CheckpointScores;

/// Through the path of an application: picture file -> Classifier.
Evaluated evaluateDeployed(const std::string& path, const std::shared_ptr<const Source>& source,
                           const ClassifierOptions& options) {
  const auto classifier = Classifier::create(path, options);
  checkLabels(source->path(0), source->labels(), classifier->labels());
  return {evaluateClassifier(*classifier, *source), classifier->labels(), 0};
}

boost::json::object describe(const Evaluated& evaluated) {
  const cv::Mat& matrix = evaluated.result.confusion;
  boost::json::array confusion;
  for (int c = 0; c < matrix.rows; ++c) {
    const int* row = matrix.ptr<int>(c);
    confusion.push_back(boost::json::array(row, row + matrix.cols));
  }
  boost::json::object description = toJson(evaluated.result, evaluated.labels);
  description["confusion"] = std::move(confusion);
  return description;
}

void printForPeople(const Evaluated& evaluated) {
  const auto& [result, labels, step] = evaluated;
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

CommandLine commandLine(const Arguments&) {
  CommandLine line("eval", "Accuracy of a checkpoint, or of an .onnx through the path an application takes.",
                   "--model FILE --data SRC [OPTION...]",
                   "mixmim eval --model runs/second --data photos/val --csv confusion.csv");
  line.option("model", "A checkpoint, a run folder, or an .onnx.")
      .flag("json", "Print the result as one JSON object.")
      .option("csv", "Write the confusion matrix to this file: a row per true class, a column per answer.")
      .settings(Task::kFinetune, {"data.train", "data.batch", "run.device", "run.threads", "run.trainer"});
  addClassifierOptions(line);
  return line;
}

int run(const CommandLine& line) {
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
    std::cout << boost::json::serialize(describe(evaluated)) << '\n';
  else
    printForPeople(evaluated);
  return kDone;
}

}  // namespace

Verb evalVerb() {
  return {"eval", "accuracy of a checkpoint or a deployed model", commandLine, run};
}

}  // namespace cv::mixmim
