#include <boost/json.hpp>
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "catalogue/measured_speeds.hpp"
#include "catalogue/model_facts.hpp"
#include "catalogue/published_weights.hpp"
#include "inputs/classifier_options.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

constexpr double kGiga = 1e9, kMega = 1e6;

/// The sizes that the line names; all where it names none.
std::vector<ModelFacts> chosen(const CommandLine& line) {
  if (line.words().empty()) return allModelFacts();
  std::vector<ModelFacts> facts;
  for (const std::string& name : line.words()) {
    try {
      facts.push_back(factsOf(name));
    } catch (const Error& e) {
      throw UsageError(e.what());
    }
  }
  return facts;
}

void measure(const std::vector<ModelFacts>& models, double seconds, MeasuredSpeeds& speeds) {
  Progress progress("measuring", static_cast<int64_t>(models.size()));
  int64_t done = 0;
  for (const ModelFacts& facts : models) {
    progress.update(done, facts.name);
    speeds.set(facts.name, measureMilliseconds(facts, seconds));
    progress.update(++done, facts.name);
  }
}

std::vector<std::string> sourcesOf(const PublishedWeights* weights) {
  std::vector<std::string> sources;
  if (weights && !weights->official.empty()) sources.emplace_back("official");
  if (weights && !weights->timm.empty()) sources.emplace_back("timm");
  return sources;
}

json::object toJson(const ModelFacts& facts, const MeasuredSpeeds& speeds) {
  const PublishedWeights* weights = publishedWeightsOf(facts.name);
  const std::optional<double> ms = speeds.of(facts.name);
  json::object about{{"name", facts.name},
                     {"family", facts.family},
                     {"parameters", facts.parameters},
                     {"gmac", facts.multiplyAdds.sum() / kGiga},
                     {"ms", ms ? json::value(*ms) : json::value(nullptr)},
                     {"published_top1", weights ? json::value(weights->top1) : json::value(nullptr)},
                     {"official", json::array()},
                     {"timm", json::array()}};
  if (!weights) return about;
  about["official"] = json::value_from(weights->official);
  about["timm"] = json::value_from(weights->timm);
  return about;
}

void printTable(const std::vector<ModelFacts>& models, const MeasuredSpeeds& speeds) {
  constexpr const char* kRow = "{:<15} {:<12} {:>12} {:>7} {:>7} {:>9}   {}\n";
  std::cout << fmt::format(kRow, "model", "family", "parameters", "GMAC", "top-1", "ms here", "weights of");
  for (const ModelFacts& facts : models) {
    const PublishedWeights* weights = publishedWeightsOf(facts.name);
    const std::optional<double> ms = speeds.of(facts.name);
    std::cout << fmt::format(kRow, facts.name, facts.family,
                             fmt::format("{:.1f} M", static_cast<double>(facts.parameters) / kMega),
                             fmt::format("{:.1f}", facts.multiplyAdds.sum() / kGiga),
                             weights ? fmt::format("{:.1f}", weights->top1) : "-",
                             ms ? fmt::format("{:.1f}", *ms) : "-",
                             weights ? fmt::format("{}", fmt::join(sourcesOf(weights), ", ")) : "-");
  }
  std::cout
      << "\nOne picture of 224 px, 1000 classes. top-1: ImageNet-1K, as the authors published. ms here: "
         "`mixmim models --measure`.\nNames of published files: `mixmim models NAME`.\n";
}

/// The names of files, a line each.
void printFiles(const std::vector<ModelFacts>& models) {
  for (const ModelFacts& facts : models) {
    const PublishedWeights* weights = publishedWeightsOf(facts.name);
    std::cout << fmt::format("\n{}\n", facts.name);
    if (!weights) std::cout << "  nobody else's weights\n";
    if (!weights) continue;
    for (const std::string& name : weights->official) std::cout << fmt::format("  official  {}\n", name);
    for (const std::string& name : weights->timm) std::cout << fmt::format("  timm      {}\n", name);
  }
}

CommandLine commandLine(const Arguments&) {
  CommandLine line(
      "models",
      "Lists the encoders and their sizes: parameters, arithmetic, published accuracy, speed here, "
      "and which weights exist elsewhere.",
      "[NAME...] [--measure] [--json]", "mixmim models swin_t pvt_v2_b1 --measure");
  line.flag("measure",
            "Time one picture through Classifier, for every size that is listed, and keep the times.")
      .option("seconds", "With --measure: how long for each.", "1", "s")
      .flag("json", "Print the result as one JSON object.")
      .words("NAME", modelNames());
  return addThreadsOption(line);
}

int run(const CommandLine& line) {
  computeOn(threadsOf(line));
  const std::vector<ModelFacts> models = chosen(line);
  MeasuredSpeeds speeds(speedsFile());
  if (line.has("measure")) measure(models, line.number("seconds", 1, 3600), speeds);
  if (line.has("json")) {
    json::array list;
    for (const ModelFacts& facts : models) list.push_back(toJson(facts, speeds));
    std::cout << jsonText(json::object{{"models", list}}) << '\n';
    return kDone;
  }
  printTable(models, speeds);
  if (!line.words().empty()) printFiles(models);
  return kDone;
}

}  // namespace

Verb modelsVerb() {
  return {"models", "list encoders, their sizes and published weights", commandLine, run};
}

}  // namespace cv::mixmim
