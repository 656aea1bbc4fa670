#include "report/records/run_record.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "report/records/record_files.hpp"
#include "report/records/task_words.hpp"

namespace cv::mixmim::report {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMebi = 1 << 20;

class Reader {
 public:
  explicit Reader(const std::string& folder) : folder_(folder) {
    run_.folder = folder;
    const fs::path whole = fs::weakly_canonical(folder_);
    run_.name = whole.filename().empty() ? whole.string() : whole.filename().string();
  }

  RunRecord read() {
    part([&] { readSettings(); });
    part([&] { readCurves(); });
    part([&] { listSheets(); });
    part([&] { readEvaluation(); });
    part([&] { readMachine(); });
    part([&] { readBad(); });
    return std::move(run_);
  }

 private:
  template <class Part>
  void part(const Part& read) {
    try {
      read();
    } catch (const std::exception& e) {
      run_.notes.emplace_back(e.what());
    }
  }

  void readSettings() {
    const fs::path path = folder_ / "config.ini";
    const auto text = readSmallFile(path, kMebi);
    if (!text) return run_.notes.push_back(path.string() + ": is missing");
    run_.settings = parseConfig(*text, path.string());
    run_.config.run.task = taskIn(run_.settings);
    run_.config = resolve(run_.config.run.task, run_.settings);
  }

  void readCurves() {
    const fs::path path = folder_ / "metrics.jsonl";
    if (!fs::is_regular_file(path)) return run_.notes.push_back(path.string() + ": is missing");
    std::ifstream file(path, std::ios::binary);
    run_.metrics = readMetrics(file);
    const Metrics& read = run_.metrics;
    const auto note = [&](int64_t count, const char* what) {
      if (count > 0) run_.notes.push_back(fmt::format("{}: {} {}", path.string(), count, what));
    };
    note(read.damaged, read.damaged == 1 ? "line is damaged or cut off, and was passed over"
                                         : "lines are damaged or cut off, and were passed over");
    note(read.tooLong, "lines are too long, and were passed over");
    note(read.outOfRange, "numbers are too large to draw, and were left out");
  }

  void listSheets() {
    constexpr size_t kMostFiles = 100000;
    size_t files = 0;
    if (!fs::is_directory(folder_ / "pictures")) return;
    for (const auto& entry : fs::directory_iterator(folder_ / "pictures")) {
      if (++files > kMostFiles) break;
      const std::string name = entry.path().stem().string(), start = "reconstruction-";
      if (name.compare(0, start.size(), start) != 0 || entry.path().extension() != ".png") continue;
      int64_t step = 0;
      const char* end = name.data() + name.size();
      const auto [stop, error] = std::from_chars(name.data() + start.size(), end, step);
      if (error == std::errc() && stop == end && step >= 0)
        run_.sheets.push_back({entry.path().string(), step});
    }
    std::sort(run_.sheets.begin(), run_.sheets.end(),
              [](const Sheet& a, const Sheet& b) { return a.step < b.step; });
  }

  void readEvaluation() {
    const fs::path path = folder_ / "evaluation" / "evaluation.json";
    if (const auto text = readSmallFile(path, 64 * kMebi))
      run_.evaluation = parseEvaluation(*text, path.string());
  }

  void readMachine() {
    const fs::path path = folder_ / "machine.json";
    if (const auto text = readSmallFile(path, kMebi)) run_.machine = parseMachine(*text, path.string());
  }

  void readBad() {
    const fs::path path = folder_ / "bad_images.jsonl";
    if (!fs::is_regular_file(path)) return;
    std::ifstream file(path, std::ios::binary);
    run_.badFiles = readBadFiles(file);
    if (run_.badFiles.damaged > 0)
      run_.notes.push_back(
          fmt::format("{}: {} damaged lines were passed over", path.string(), run_.badFiles.damaged));
  }

  fs::path folder_;
  RunRecord run_;
};

}  // namespace

bool RunRecord::finished() const {
  return metrics.lines > 0 && metrics.epoch >= config.optim.epochs * (1 - 1e-9);
}

double RunRecord::best(const char* curve) const {
  const Curve* validations = metrics.curve(curve);
  return validations ? validations->highest() : -1;
}

RunRecord readRun(const std::string& folder) {
  if (!fs::is_directory(folder)) throw Error(folder, "there is no such run folder");
  if (!fs::exists(fs::path(folder) / "config.ini") && !fs::exists(fs::path(folder) / "metrics.jsonl"))
    throw Error(folder, "is not a run folder, it has neither config.ini nor metrics.jsonl",
                "name the folder that was given to pretrain or finetune as --out");
  return Reader(folder).read();
}

}  // namespace cv::mixmim::report
