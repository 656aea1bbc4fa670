#include <boost/json.hpp>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "evaluation/checkpoint_scores.hpp"
#include "evaluation/deployed_scores.hpp"
#include "inputs/checkpoint_config.hpp"
#include "inputs/classifier_options.hpp"
#include "inputs/data_source.hpp"
#include "model_io/files/file_format.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

boost::json::object describe(const Measured& measured) {
  const cv::Mat& matrix = measured.confusion;
  boost::json::array confusion;
  for (int c = 0; c < matrix.rows; ++c) {
    const int* row = matrix.ptr<int>(c);
    confusion.push_back(boost::json::array(row, row + matrix.cols));
  }
  boost::json::object description = toJson(measured);
  if (!matrix.empty()) description["confusion"] = std::move(confusion);
  return description;
}

void printForPeople(const Measured& measured) {
  std::cout << fmt::format("{} images", measured.images);
  for (const NamedNumber& number : measured.numbers) std::cout << ", " << textOf(number);
  std::cout << "\n\n";
  const MeasuredClass& any = measured.classes.front();
  std::cout << fmt::format("{:<24} {:>8} {:>8}", "class", "images", any.share.title);
  for (const NamedNumber& number : any.more) std::cout << fmt::format(" {:>9}", number.title);
  std::cout << '\n';
  size_t without = 0;
  for (const MeasuredClass& one : measured.classes) {
    if (one.images == 0) {
      ++without;
      continue;
    }
    std::cout << fmt::format("{:<24} {:>8} {:>6.1f} %", one.label, one.images, 100 * one.share.value);
    for (const NamedNumber& number : one.more) std::cout << fmt::format(" {:>7.1f} %", 100 * number.value);
    std::cout << '\n';
  }
  if (without > 0)
    std::cout << fmt::format("and {} {} without images\n", without, without == 1 ? "class" : "classes");
  for (const NamedNumber& number : measured.macro)
    std::cout << (number.name == measured.macro.front().name ? "\nmacro averages: " : ", ") << textOf(number);
  std::cout << (measured.macro.empty() ? "" : "\n");
}

/// The confusion matrix: a row per true class, a column per answer.
void writeCsv(const std::string& path, const Measured& measured) {
  std::ofstream file(path);
  file << "true class";
  for (const MeasuredClass& one : measured.classes) file << ',' << csvField(one.label);
  for (int row = 0; row < measured.confusion.rows; ++row) {
    file << '\n' << csvField(measured.classes[static_cast<size_t>(row)].label);
    for (int column = 0; column < measured.confusion.cols; ++column)
      file << ',' << measured.confusion.at<int>(row, column);
  }
  file << '\n';
  if (!file.flush()) throw Error(path, "cannot be written");
}

/// An .onnx says itself how pictures are shown to it.
void refuseEvalView(const CommandLine& line) {
  for (const char* option : {"augment.evalRule", "eval-rule", "augment.evalCrop"})
    if (!line.setting(option).empty())
      throw UsageError(fmt::format(
          "--{}: only for a checkpoint; an .onnx holds its rule, export it with another", option));
}

CommandLine commandLine(const Arguments&) {
  CommandLine line("eval", "Accuracy of a checkpoint, or of an .onnx through the path an application takes.",
                   "--model FILE --data SRC [OPTION...]",
                   "mixmim eval --model runs/second --data photos/val --csv confusion.csv");
  line.option("model", "A checkpoint, a run folder, a file of PyTorch or safetensors, or an .onnx.")
      .flag("json", "Print the result as one JSON object.")
      .option("csv", "Write the confusion matrix to this file: a row per true class, a column per answer.")
      .option("answers",
              "Write a line for every picture to this CSV file: path, label, answer, probability; with "
              "several labels path, labels, answers, and the probability of each.")
      .settings(Task::kFinetune,
                {"data.train", "data.root", "data.classMap", "data.batch", "augment.evalRule",
                 "augment.evalCrop", "run.device", "run.threads", "run.trainer"});
  addClassifierOptions(line);
  return line;
}

int run(const CommandLine& line) {
  const std::string model = line.required("model");
  const Config config = line.config();
  if (config.data.train.empty())
    throw UsageError("mixmim eval: --data is needed; `mixmim eval --help` explains it");
  const bool deployed = formatOf(model) == FileFormat::kOnnx;
  const ClassifierOptions options = classifierOptionsOf(line);
  if (deployed)
    computeOn(config.run.threads);
  else
    refuseClassifierOptions(line, "only for an .onnx; a checkpoint is computed by its trainer");
  if (deployed) refuseEvalView(line);
  const ClassMap map = readClassMap(config.data.classMap);
  const auto source = openTrainingData(config.data, Classes::kNeeded);
  const LabelledData data{source, config.data.train, map, line.get("answers")};
  const Measured measured =
      deployed ? evaluateDeployed(model, data, options)
               : evaluateCheckpoint(model, data, config, [&](Config& c) { takeEvalView(line, c); }).measured;
  if (!line.get("csv").empty() && measured.confusion.empty())
    throw UsageError("--csv: several labels per picture have no confusion matrix; --answers lists them");
  if (!line.get("csv").empty()) writeCsv(line.get("csv"), measured);
  if (line.has("json"))
    std::cout << jsonText(describe(measured)) << '\n';
  else
    printForPeople(measured);
  return kDone;
}

}  // namespace

Verb evalVerb() {
  return {"eval", "accuracy of a checkpoint or a deployed model", commandLine, run};
}

}  // namespace cv::mixmim
