#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "inputs/classifier_options.hpp"
#include "inputs/picture_list.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

struct Answer {
  std::string path;
  double ms = 0;
  std::vector<Prediction> top;
};

Answer answer(Classifier& classifier, const cv::Mat& picture, const std::string& path, int topK) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Prediction> top = classifier.classify(picture, topK);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  return {path, time.count(), std::move(top)};
}

boost::json::object toJson(const Answer& answer) {
  boost::json::array top;
  for (const Prediction& p : answer.top)
    top.push_back({{"label", p.label}, {"index", p.index}, {"probability", p.probability}});
  return {{"path", answer.path}, {"ms", answer.ms}, {"top", top}};
}

void print(const Answer& answer) {
  std::cout << fmt::format("{}  ({:.1f} ms)\n", answer.path, answer.ms);
  for (const Prediction& p : answer.top)
    std::cout << fmt::format("  {:5.1f} %  {}\n", 100 * p.probability, p.label);
}

/// Where answers go: to people, or as JSON in one object or line by line.
class Results {
 public:
  explicit Results(const CommandLine& line) : whole_(line.has("json")), lines_(line.has("json-lines")) {
    if (whole_ && lines_) throw UsageError("--json-lines: expected one of --json and --json-lines, got both");
  }

  void add(const Answer& answer) {
    if (whole_)
      results_.push_back(toJson(answer));
    else if (lines_)
      std::cout << jsonText(toJson(answer)) << std::endl;  // whoever reads along need not wait
    else
      print(answer);
  }

  /// A line for every picture, so that lines can be counted.
  void addFailure(const std::string& path, const std::string& error) {
    if (lines_) std::cout << jsonText(boost::json::object{{"path", path}, {"error", error}}) << std::endl;
  }

  void finish() const {
    if (whole_) std::cout << jsonText(boost::json::object{{"results", results_}}) << '\n';
  }

 private:
  bool whole_, lines_;
  boost::json::array results_;
};

CommandLine commandLine(const Arguments&) {
  CommandLine line("predict", "Classifies pictures with a deployed model, as an application would.",
                   "--model model.onnx IMAGE...|--data SRC [OPTION...]",
                   "mixmim predict --model model.onnx cat.jpg dog.jpg");
  line.example("mixmim predict --model model.onnx --data photos --json-lines")
      .option("model", "The .onnx that `mixmim export` wrote.")
      .option("top", "How many guesses per picture.", "5")
      .flag("json", "Print the result as one JSON object.")
      .flag("json-lines", "Print a JSON object for every picture, as soon as it is answered.");
  addThreadsOption(addClassifierOptions(addPictures(line)));
  return line;
}

int run(const CommandLine& line) {
  const int top = line.number("top", 1, 1000000);
  const std::string model = line.required("model");
  Results results(line);
  const PictureList pictures(line);
  computeOn(threadsOf(line));
  const auto classifier = Classifier::create(model, classifierOptionsOf(line));
  int failures = 0;
  // Answers that appear on the terminal are progress enough.
  std::optional<Progress> progress;
  if (line.has("json") || isatty(STDOUT_FILENO) == 0) progress.emplace("predict", pictures.size());
  for (int64_t i = 0; i < pictures.size(); ++i) {
    if (progress) progress->count(i, "images");
    try {
      results.add(answer(*classifier, pictures.read(i, classifier->orientation()), pictures.path(i), top));
    } catch (const Error& e) {  // the other pictures still get their answers
      if (progress)
        progress->note(std::string("mixmim: error: ") + e.what());
      else
        std::cerr << "mixmim: error: " << e.what() << '\n';
      results.addFailure(pictures.path(i), e.what());
      ++failures;
    }
  }
  results.finish();
  return failures == 0 ? kDone : kFailed;
}

}  // namespace

Verb predictVerb() {
  return {"predict", "classify pictures with a deployed model", commandLine, run};
}

}  // namespace cv::mixmim
