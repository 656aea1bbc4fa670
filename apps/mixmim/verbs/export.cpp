#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <filesystem>
#include <initializer_list>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "deploy/exported_model.hpp"
#include "evaluation/deployed_scores.hpp"
#include "evaluation/trainer_scores.hpp"
#include "inputs/checkpoint_config.hpp"
#include "inputs/data_source.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/onnx/export.hpp"
#include "model_io/open_checkpoint.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

/// The weights for PyTorch, in the layout of the official code.
int writeForPytorch(const std::string& out, const CommandLine& line) {
  const std::string init = initOf(line);
  const bool withOptimizer = line.has("optimizer");
  if (init.empty())
    throw UsageError("mixmim export: a .pth needs --init; `mixmim export --help` explains it");
  const CheckpointInfo info = readCheckpointInfo(init, headDimAmong(line.given()));
  sayNotes(init);
  TrainerState state;
  if (withOptimizer)
    state = readTrainerState(init);
  else
    state.weights = readWeights(init);
  writeOfficialPth(out, state, info, withOptimizer ? PthContent::kWeightsAndOptimizer : PthContent::kWeights);
  const auto bytes = std::filesystem::file_size(out);
  if (line.has("json"))
    std::cout << jsonText(boost::json::object{{"file", out}, {"bytes", bytes}}) << '\n';
  else
    std::cout << fmt::format("{}: {:.1f} MB, for torch.load\n", out, static_cast<double>(bytes) / 1e6);
  return kDone;
}

/// True where the ending of --out asks for PyTorch's format, false where it asks for a model.
bool isForPytorch(const std::string& out) {
  std::string ending = std::filesystem::path(out).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".pth" || ending == ".pt") return true;
  if (ending == ".onnx") return false;
  throw UsageError(fmt::format("--out: expected a name that ends in .onnx or .pth, got '{}'", out));
}

/// UsageError for the first of these options that was given.
void refuse(const CommandLine& line, std::initializer_list<const char*> options, const char* reason) {
  for (const char* option : options)
    if (line.has(option)) throw UsageError(fmt::format("--{}: {}", option, reason));
}

/// The value of an option that is one of a few words.
template <class Find>
auto choice(const CommandLine& line, const std::string& option, Find find, const std::string& words) {
  const auto value = find(line.get(option));
  if (!value) throw UsageError(fmt::format("--{}: expected {}, got '{}'", option, words, line.get(option)));
  return *value;
}

std::optional<int> opsetNamed(const std::string& name) {
  if (name == "11") return 11;
  if (name == "9") return 9;
  return std::nullopt;
}

ExportOptions exportOptions(const CommandLine& line) {
  ExportOptions options;
  options.head = choice(line, "head", headNamed, "logits, probabilities, features or pyramid");
  options.profile.opset = choice(line, "opset", opsetNamed, "11 or 9");
  options.profile.weights = choice(line, "weights", weightTypeNamed, "fp32 or fp16");
  return options;
}

/// How the file answers here, compared with the trainer: the largest difference, or why there is none.
struct Comparison {
  std::optional<double> difference;
  std::string whyNot;
};

/// Every row minus its largest number.
cv::Mat belowLargest(const cv::Mat& rows) {
  cv::Mat largest;
  cv::reduce(rows, largest, 1, cv::REDUCE_MAX);
  return rows - cv::repeat(largest, 1, rows.cols);
}

/// The trainer is asked before the file is written, the file afterwards.
class Comparer {
 public:
  Comparer(const ExportedModel& model, Head head) : head_(head) {
    if (head == Head::kPyramid) return;
    pictures_ = testPictures(kComparedPictures, model.config.model.imageSize);
    expected_ = trainerScores(model.config, model.weights, head, &whyNot_);
  }

  /// `classifier`: the file; null for a pyramid.
  Comparison operator()(Classifier* classifier) const {
    if (!classifier) return {std::nullopt, "no part of mixmim computes a pyramid"};
    if (!expected_) return {std::nullopt, whyNot_};
    cv::Mat answer;
    if (hasClasses(head_))
      classifier->logits(pictures_, answer);
    else
      classifier->features(pictures_, answer);
    if (head_ == Head::kProbabilities && !classifier->severalLabels())  // known up to a number all share
      return {cv::norm(belowLargest(answer), belowLargest(*expected_), cv::NORM_INF), ""};
    return {cv::norm(answer, *expected_, cv::NORM_INF), ""};
  }

 private:
  Head head_;
  std::vector<cv::Mat> pictures_;
  std::optional<cv::Mat> expected_;
  std::string whyNot_;
};

/// The labelled pictures of --check, or none.
std::shared_ptr<const Source> checkSource(const CommandLine& line, Head head) {
  const std::string place = line.get("check");
  if (place.empty() && !line.get("root").empty()) throw UsageError("--root: only with --check");
  if (place.empty()) return nullptr;
  if (!hasClasses(head))
    throw UsageError(fmt::format("--check: the head {} has no classes to be right about", nameOf(head)));
  return openAndReport(place, {0, Classes::kNeeded, line.get("root")});
}

boost::json::object toJson(const DeployedCheck& check) {
  const NamedNumber& headline = check.float32.headline();
  boost::json::object object{{"images", check.float32.images}, {headline.name, headline.value}};
  object[std::string(headline.name) + "_int8"] =
      check.int8 ? boost::json::value(check.int8->headline().value) : nullptr;
  object["same_answer"] = check.int8 ? boost::json::value(check.sameAnswer) : nullptr;
  return object;
}

std::string sentenceOf(const DeployedCheck& check) {
  const NamedNumber& headline = check.float32.headline();
  const std::string sentence =
      fmt::format("{} on {} pictures: {:.2f} %", headline.title, check.float32.images, 100 * headline.value);
  if (!check.int8) return fmt::format("{}; not with --int8: {}\n", sentence, check.whyNoInt8);
  const auto images = static_cast<double>(std::max<int64_t>(1, check.float32.images));
  return fmt::format("{}, with --int8 {:.2f} % (the same answer for {:.1f} %)\n", sentence,
                     100 * check.int8->headline().value,
                     100 * static_cast<double>(check.sameAnswer) / images);
}

void printForPeople(const std::string& out, const ExportedModel& model, Head head, const ExportReport& report,
                    const Comparison& comparison) {
  std::cout << fmt::format("{}: {:.1f} MB, {}\n", out, static_cast<double>(report.bytes) / 1e6,
                           hasClasses(head) ? fmt::format("{} classes", model.about.labels.size())
                                            : sentenceOf(head, model.config.model.labels));
  std::cout << (comparison.difference
                    ? fmt::format("OpenCV {} against the trainer: answers differ by at most {:.1e}\n",
                                  CV_VERSION, *comparison.difference)
                    : fmt::format("not compared with the trainer: {}\n", comparison.whyNot));
}

CommandLine commandLine(const Arguments&) {
  CommandLine line("export",
                   "Writes one deployable .onnx, with preprocessing, labels and a test picture inside; or "
                   "weights for PyTorch.",
                   "--init CHECKPOINT --out model.onnx|weights.pth [OPTION...]",
                   "mixmim export --init runs/second --out model.onnx");
  line.option("out", "The file to write; its ending, .onnx or .pth, decides what it is.")
      .choice("head",
              "What the network gives: logits, probabilities, features (one vector per picture) or pyramid "
              "(a map per stage). The last two need no classes.",
              "logits", {"logits", "probabilities", "features", "pyramid"})
      .choice("weights",
              "fp32, or fp16: half the file, for OpenCV from 4.7 and onnxruntime (not OpenCV 4.5, 4.6); "
              "computes in float32.",
              "fp32", {"fp32", "fp16"})
      .choice("opset", "11 for OpenCV from 4.5.5, or 9: for 4.5.4 too, GELU without Erf, slower.", "11",
              {"11", "9"})
      .option("labels", "Text file with one label per line, instead of the checkpoint's class names.")
      .option("check",
              "Labelled pictures: also print how right the file is on them, with and without --int8.")
      .option("root", "Where the paths of a list begin that is given to --check.")
      .flag("optimizer", "Into a .pth, also the optimizer's state.")
      .flag("json", "Print the result as one JSON object.")
      .settings(Task::kFinetune, {"model", "run.init", "run.seed", "run.trainer", "augment.evalRule",
                                  "augment.evalCrop", "data.orientation"});
  return line;
}

int run(const CommandLine& line) {
  const std::string out = line.required("out");
  if (isForPytorch(out)) {
    refuse(line, {"head", "weights", "opset", "labels", "check", "root"}, "only for an .onnx");
    return writeForPytorch(out, line);
  }
  refuse(line, {"optimizer"}, "only for a .pth");
  const ExportOptions options = exportOptions(line);
  const auto pictures = checkSource(line, options.head);
  Progress progress("export", 3);
  ExportedModel model = exportedModel(line, options);
  progress.update(1, "weights read");
  const Comparer compare(model, options.head);
  progress.update(2, "the trainer has answered");
  const ExportReport report = exportOnnx(out, model.weights, model.config.model, model.about, options);
  model.weights.clear();  // a large model need not be there twice
  cv::Ptr<Classifier> classifier;
  if (options.head != Head::kPyramid) classifier = Classifier::create(out);  // replays the golden picture
  const Comparison comparison = compare(classifier.get());
  progress.update(3, "compared");
  progress.end();
  if (!line.has("json")) printForPeople(out, model, options.head, report, comparison);
  std::optional<DeployedCheck> check;
  if (pictures) check = checkDeployed(*classifier, out, {pictures, line.get("check"), {}, ""});
  if (line.has("json")) {
    boost::json::value difference;  // null: nothing to compare with
    if (comparison.difference) difference = *comparison.difference;
    boost::json::object answer{{"file", out}, {"bytes", report.bytes}, {"max_abs_error", difference}};
    if (check) answer["check"] = toJson(*check);
    std::cout << jsonText(answer) << '\n';
  } else if (check) {
    std::cout << sentenceOf(*check);
  }
  return kDone;
}

}  // namespace

Verb exportVerb() {
  return {"export", "write one deployable .onnx", commandLine, run};
}

}  // namespace cv::mixmim
