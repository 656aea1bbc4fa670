#include "inputs/classifier_options.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <opencv2/core/utility.hpp>

namespace cv::mixmim {

namespace {

struct Named {
  const char* name;
  int number;
};
using Names = std::vector<Named>;

// The numbers of cv::dnn, which are the same in all its versions; only the classifier's plugin includes it.
const Names kBackends{{"default", 0}, {"opencv", 3}, {"openvino", 2}, {"cuda", 5}};
const Names kTargets{{"cpu", 0}, {"opencl", 1}, {"opencl-fp16", 2}, {"cuda", 6}, {"cuda-fp16", 7}};
const Names kEngines{{"default", 0}, {"classic", 1}, {"new", 2}, {"auto", 3}, {"ort", 4}};

std::vector<std::string> wordsOf(const Names& names) {
  std::vector<std::string> words;
  for (const Named& named : names) words.emplace_back(named.name);
  return words;
}

std::string listOf(const Names& names) {
  return fmt::format("{}", fmt::join(wordsOf(names), ", "));
}

int numberOf(const CommandLine& line, const std::string& option, const Names& names, const char* kind) {
  const std::string word = line.get(option);
  const auto matches = [&](const Named& named) { return word == named.name; };
  const auto found = std::find_if(names.begin(), names.end(), matches);
  if (found != names.end()) return found->number;
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number < 0)
    throw UsageError(fmt::format("--{}: expected one of {}, or a number of cv::dnn::{}, got '{}'", option,
                                 listOf(names), kind, word));
  return number;
}

}  // namespace

CommandLine& addClassifierOptions(CommandLine& line) {
  const auto oneOf = [](const char* sentence, const Names& names) {
    return fmt::format("{}: {}, or its number in OpenCV.", sentence, listOf(names));
  };
  return line.flag("stock", "OpenCV's own layers instead of the classifier's fused ones.")
      .flag("int8", "Products of 8-bit numbers: faster, scores differ a little.")
      .flag("flip", "Answer with the mean over a picture and its mirror image: takes twice as long.")
      .choice("backend", oneOf("What computes", kBackends), "default", wordsOf(kBackends))
      .choice("target", oneOf("Where it computes", kTargets), "cpu", wordsOf(kTargets))
      .choice("engine", oneOf("Of OpenCV 5", kEngines), "default", wordsOf(kEngines));
}

ClassifierOptions classifierOptionsOf(const CommandLine& line) {
  ClassifierOptions options;
  options.fusedLayers = !line.has("stock");
  options.int8 = line.has("int8");
  options.flip = line.has("flip");
  options.backend = numberOf(line, "backend", kBackends, "Backend");
  options.target = numberOf(line, "target", kTargets, "Target");
  options.engine = numberOf(line, "engine", kEngines, "EngineType");
  return options;
}

void refuseClassifierOptions(const CommandLine& line, const std::string& reason) {
  for (const char* option : {"stock", "int8", "flip", "backend", "target", "engine"})
    if (line.has(option)) throw UsageError(fmt::format("--{}: {}", option, reason));
}

void computeOn(int threads) {
  if (threads > 0) cv::setNumThreads(threads);
}

CommandLine& addThreadsOption(CommandLine& line) {
  return line.option("threads", "Threads that OpenCV computes on; 0 = all cores.", "0");
}

int threadsOf(const CommandLine& line) {
  constexpr int kMost = 1024;
  return CommandLine::wholeNumber("threads", line.get("threads"), 0, kMost);
}

}  // namespace cv::mixmim
