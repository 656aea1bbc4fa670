#include <boost/json.hpp>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "evaluation/checkpoint_scores.hpp"
#include "inputs/data_source.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/files/atomic_file.hpp"
#include "opencv2/mixmim/json.hpp"
#include "report/page/page.hpp"
#include "report/records/task_words.hpp"
#include "run/kept_records.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// The best checkpoint of a run; where none was validated, the last.
std::string checkpointOf(const std::string& run) {
  const std::string best = bestCheckpoint(run);
  return best.empty() ? run : best;
}

/// Does what validation would have done, with the pictures of --data.
void evaluateRun(const std::string& run, const Config& config) {
  const auto source = openTrainingData(config.data, Classes::kNeeded);
  const CheckpointScores scores =
      evaluateCheckpoint(checkpointOf(run), {source, config.data.train, {}, ""}, config);
  keepEvaluation(run, {scores.step, config.data.train, *source, scores.measured});
}

json::value orNull(bool is, double value) {
  return is ? json::value(value) : json::value(nullptr);
}

json::object toJson(const report::RunRecord& run) {
  const report::Curve* loss = run.metrics.curve("loss");
  const double top1 = run.best("val_top1"), map = run.best("val_map");
  return {{"folder", run.folder},
          {"task", report::wordsOf(run.config.run.task).verb},
          {"model", run.config.model.name},
          {"steps", static_cast<int64_t>(run.metrics.step)},
          {"epoch", run.metrics.epoch},
          {"epochs", run.config.optim.epochs},
          {"finished", run.finished()},
          {"loss", orNull(loss != nullptr, loss ? loss->last().y : 0)},
          {"best_top1", orNull(top1 >= 0, top1)},
          {"best_map", orNull(map >= 0, map)},
          {"bad_files", run.badFiles.count},
          {"notes", json::value_from(run.notes)}};
}

/// Throws UsageError for what cannot be compared.
void checkRuns(const std::vector<std::string>& runs) {
  if (runs.empty())
    throw UsageError("mixmim report: expected at least one run folder; `mixmim report --help` explains it");
  if (runs.size() > report::kMostRuns)
    throw UsageError(
        fmt::format("mixmim report: expected at most {} runs, got {}", report::kMostRuns, runs.size()));
}

void writePage(const std::string& path, const std::string& page) {
  AtomicFile file(path);
  file.write(page);
  file.commit();
}

CommandLine commandLine(const Arguments&) {
  CommandLine line(
      "report",
      "One HTML page of a run, or of several side by side: curves, pictures, mistakes, settings. The page "
      "is one file and needs no network. The run may still be going.",
      "RUN... [OPTION...]", "mixmim report runs/first runs/second --out comparison.html");
  line.words("RUN")
      .option("out",
              "The page; by default report.html in the run folder, or for several runs comparison.html here.")
      .option(
          "data",
          "Evaluate fine-tuning runs on these pictures now, for what the page says of answers and mistakes.")
      .flag("json", "Print what the page says of the runs, as one JSON object.")
      .settings(Task::kFinetune, {"data.batch", "run.device", "run.threads", "run.trainer"});
  return line;
}

/// UsageError for a name that would hide what the file is.
void checkPageName(const std::string& out) {
  const std::string ending = fs::path(out).extension().string();
  if (!out.empty() && ending != ".html" && ending != ".htm")
    throw UsageError(fmt::format("--out: expected a name that ends in .html, got '{}'", out));
}

int run(const CommandLine& line) {
  const std::vector<std::string>& folders = line.words();
  checkPageName(line.get("out"));
  checkRuns(folders);
  std::vector<report::RunRecord> runs;
  Config config = line.config();
  config.data.train = line.get("data");
  for (const std::string& folder : folders) {
    runs.push_back(report::readRun(folder));
    if (config.data.train.empty() || runs.back().isPretraining()) continue;
    evaluateRun(folder, config);
    runs.back() = report::readRun(folder);
  }
  std::string out = line.get("out");
  if (out.empty())
    out = runs.size() == 1 ? (fs::path(folders.front()) / "report.html").string() : "comparison.html";
  const std::string page = report::page(runs);
  writePage(out, page);
  json::array about;
  for (const report::RunRecord& run : runs) about.push_back(toJson(run));
  for (const report::RunRecord& run : runs)
    for (const std::string& note : run.notes) std::cerr << "warning: " << note << '\n';
  if (line.has("json"))
    std::cout << jsonText(json::object{{"file", out}, {"bytes", page.size()}, {"runs", about}}) << '\n';
  else
    std::cout << fmt::format("{} ({} kB)\n", out, (page.size() + 999) / 1000);
  return kDone;
}

}  // namespace

Verb reportVerb() {
  return {"report", "curves, pictures and mistakes of runs as one HTML page", commandLine, run};
}

}  // namespace cv::mixmim
