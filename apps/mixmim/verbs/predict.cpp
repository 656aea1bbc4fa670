#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "inputs/classifier_options.hpp"
#include "inputs/picture_batch.hpp"
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

Answer answer(Classifier& classifier, const std::string& path, int topK) {
  const cv::Mat picture = readPicture(path);
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

CommandLine commandLine(const Arguments&) {
  CommandLine line("predict", "Classifies pictures with a deployed model, as an application would.",
                   "--model model.onnx IMAGE... [OPTION...]",
                   "mixmim predict --model model.onnx cat.jpg dog.jpg");
  line.option("model", "The .onnx that `mixmim export` wrote.")
      .option("top", "How many guesses per picture.", "5")
      .flag("json", "Print the result as one JSON object.")
      .words("IMAGE");
  addThreadsOption(addClassifierOptions(line));
  return line;
}

int run(const CommandLine& line) {
  const int top = line.number("top", 1, 1000000);
  const std::string model = line.required("model");
  if (line.words().empty()) throw UsageError("mixmim predict: expected at least one picture");
  computeOn(threadsOf(line));
  const auto classifier = Classifier::create(model, classifierOptionsOf(line));
  boost::json::array results;
  int failures = 0;
  // Answers that appear on the terminal are progress enough.
  std::optional<Progress> progress;
  if (line.has("json") || isatty(STDOUT_FILENO) == 0)
    progress.emplace("predict", static_cast<int64_t>(line.words().size()));
  int64_t done = 0;
  for (const std::string& path : line.words()) {
    if (progress) progress->count(done++, "images");
    try {
      const Answer result = answer(*classifier, path, top);
      if (line.has("json"))
        results.push_back(toJson(result));
      else
        print(result);
    } catch (const Error& e) {  // the other pictures still get their answers
      if (progress)
        progress->note(std::string("mixmim: error: ") + e.what());
      else
        std::cerr << "mixmim: error: " << e.what() << '\n';
      ++failures;
    }
  }
  if (line.has("json")) std::cout << jsonText(boost::json::object{{"results", results}}) << '\n';
  return failures == 0 ? kDone : kFailed;
}

}  // namespace

Verb predictVerb() {
  return {"predict", "classify pictures with a deployed model", commandLine, run};
}

}  // namespace cv::mixmim
