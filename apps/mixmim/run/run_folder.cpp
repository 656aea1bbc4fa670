#include "run/run_folder.hpp"

#include <boost/json.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "model_io/files/atomic_file.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "terminal/json_number.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr const char *kLog = "train.log", *kMetrics = "metrics.jsonl", *kTable = "metrics.csv",
                     *kNonFinite = "nonfinite.jsonl", *kBadImages = "bad_images.jsonl",
                     *kEpochs = "optim.epochs";

void removeRun(const fs::path& folder) {
  for (const char* name : {"config.ini", kMetrics, kTable, kLog, kNonFinite, kBadImages, "checkpoints",
                           "pictures", "evaluation", "machine.json", "report.html"})
    fs::remove_all(folder / name);
  std::vector<fs::path> events;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().rfind(kEventFileStart, 0) == 0) events.push_back(entry.path());
  for (const fs::path& file : events) fs::remove(file);
}

/// Replaces a file, or leaves it as it was.
void writeText(const fs::path& path, const std::string& text) {
  AtomicFile file(path.string());
  file.write(text);
  file.commit();
}

/// The settings to keep: how this start treats an existing folder is none of them, and reading the file back
/// must not overwrite or resume anything.
Config settingsOf(Config config) {
  config.run.overwrite = false;
  config.run.resume.clear();
  return config;
}

void makeFinite(json::object& object) {
  for (auto& item : object)
    if (const double* number = item.value().if_double()) item.value() = finiteOrNull(*number);
}

/// {"loss": 0.8, "val_top1": null} -> train/loss 0.8, val/top1 NaN.
Scalars curvesOf(const json::object& metrics) {
  const std::string validation = "val_";
  Scalars curves;
  for (const auto& item : metrics) {
    const std::string name = item.key();
    if (name == "step") continue;
    const bool isValidation = name.compare(0, validation.size(), validation) == 0;
    const std::string tag = isValidation ? "val/" + name.substr(validation.size()) : "train/" + name;
    const double missing = std::numeric_limits<double>::quiet_NaN();
    curves.emplace_back(tag, item.value().is_null() ? missing : item.value().to_number<double>());
  }
  return curves;
}

/// The lines of a .jsonl whose "step" is at most `step`; a damaged line is dropped too.
std::string linesUpTo(const fs::path& path, int64_t step) {
  std::ifstream file(path);
  std::string kept, line;
  while (std::getline(file, line)) {
    boost::system::error_code error;
    const json::value value = json::parse(line, error);
    const bool whole = !error && value.is_object() && value.as_object().if_contains("step");
    if (whole && value.at("step").to_number<int64_t>() <= step) kept += line + "\n";
  }
  return kept;
}

void sayWhichSteps(const Config& config, const CheckpointInfo& info) {
  const auto imagesOf = [](const Config& run) { return int64_t{run.data.batch} * run.optim.accumulate; };
  const int64_t now = imagesOf(config), then = imagesOf(info.config);
  if (now == then) return;
  std::cerr << fmt::format("{} images per step instead of {} from step {} on; the learning rate {}\n", now,
                           then, info.step,
                           config.optim.lr > 0 ? fmt::format("stays {:g} (optim.lr)", config.optim.lr)
                                               : "changes with them (optim.baseLr)");
}

/// The length of a run and of its steps may change: the schedule then has another shape from there on.
bool isOfSchedule(const std::string& option) {
  return option == kEpochs || option == "data.batch" || option == "optim.accumulate";
}

}  // namespace

void checkRunFolder(const Config& config) {
  if (config.run.out.empty())
    throw Error("run.out", "a run needs a folder for its results", "name one with --out RUN");
  if (fs::exists(fs::path(config.run.out) / "config.ini") && config.run.resume.empty() &&
      !config.run.overwrite)
    throw Error(config.run.out, "there is a run in this folder already",
                "--resume auto continues it, --overwrite starts anew");
}

RunFolder::RunFolder(const Config& config, bool writes) : path_(config.run.out), writes_(writes) {
  if (!writes) return;
  checkRunFolder(config);
  const fs::path folder(path_);
  if (fs::exists(folder / "config.ini") && config.run.resume.empty()) removeRun(folder);
  for (const char* name : {"checkpoints", "pictures"}) {
    std::error_code error;
    fs::create_directories(folder / name, error);
    if (error) throw Error((folder / name).string(), fmt::format("cannot be created: {}", error.message()));
  }
  writeText(folder / "config.ini", toIni(settingsOf(config)));
}

std::string RunFolder::checkpoint(int64_t step) const {
  return (fs::path(path_) / "checkpoints" / fmt::format("step-{:08}", step)).string();
}

void RunFolder::link(const std::string& checkpoint, const std::string& name) {
  try {
    linkCheckpoint(checkpoint, name);
  } catch (const Error& e) {
    if (!warnedOfLinks_)
      say(fmt::format(
          "warning: {}; training goes on, and the newest and the best checkpoint are found without",
          e.what()));
    warnedOfLinks_ = true;
  }
}

void RunFolder::attempt(const std::function<void()>& write) {
  if (!writes_) return;
  try {
    write();
  } catch (const Error& e) {
    if (warned_) return;
    warned_ = true;
    say(fmt::format("warning: {}; training goes on, and this is the only warning about logs", e.what()));
  }
}

void RunFolder::append(Log& log, const char* name, const std::string& lines) {
  attempt([&] {
    if (!log) log.emplace((fs::path(path_) / name).string());
    log->append(lines);
  });
}

void RunFolder::say(const std::string& text) {
  if (!writes_) return;
  std::cerr << text << '\n';
  const bool unheard = !std::cerr && !deaf_;
  deaf_ = deaf_ || unheard;
  note(text);
  if (unheard) note("warning: standard error cannot be written; training goes on");
}

void RunFolder::note(const std::string& text) {
  append(train_, kLog, fmt::format("{:%Y-%m-%d %H:%M:%S}  {}\n", fmt::localtime(std::time(nullptr)), text));
}

EventFile& RunFolder::events() {
  return events_ ? *events_ : events_.emplace(path_, firstStep_);
}

void RunFolder::log(json::object metrics) {
  makeFinite(metrics);
  append(metrics_, kMetrics, jsonText(metrics) + "\n");
  if (table_) append(rows_, kTable, table_->row(metrics));
  attempt([&] { events().scalars(metrics.at("step").to_number<int64_t>(), curvesOf(metrics)); });
}

void RunFolder::tabulate(std::vector<std::string> columns) {
  table_.emplace(std::move(columns));
  std::string text = table_->header();
  if (firstStep_ > 0) {
    std::ifstream metrics(fs::path(path_) / kMetrics);
    for (std::string line; std::getline(metrics, line);) text += table_->row(json::parse(line).as_object());
  }
  attempt([&] { writeText(fs::path(path_) / kTable, text); });
}

void RunFolder::logNonFinite(json::object line) {
  makeFinite(line);
  append(nonFinite_, kNonFinite, jsonText(line) + "\n");
}

void RunFolder::logPicture(const std::string& name, int64_t step, const cv::Mat& picture) {
  std::vector<uint8_t> png;
  cv::imencode(".png", picture, png);
  attempt([&] {
    const fs::path file = fs::path(path_) / "pictures" / fmt::format("{}-{:08}.png", name, step);
    writeText(file, {png.begin(), png.end()});
  });
  attempt([&] { events().picture(step, name, picture.size(), png); });
}

void RunFolder::addBadImages(const std::string& lines) {
  append(badImages_, kBadImages, lines);
}

std::string RunFolder::badImages() const {
  if (!writes_) return {};
  std::ifstream file(fs::path(path_) / kBadImages, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void RunFolder::writeBadImages(const std::string& lines) {
  if (!lines.empty()) attempt([&] { writeText(fs::path(path_) / kBadImages, lines); });
}

void RunFolder::rewind(int64_t step) {
  for (const char* name : {kMetrics, kNonFinite}) {
    const fs::path path = fs::path(path_) / name;
    if (fs::exists(path)) attempt([&] { writeText(path, linesUpTo(path, step)); });
  }
  firstStep_ = step + 1;
}

std::string linesOf(const std::vector<BadImage>& images) {
  std::string lines;
  for (const BadImage& image : images)
    lines += jsonText(json::object{{"path", image.path},
                                   {"offset", image.offset},
                                   {"reason", image.reason},
                                   {"epoch", image.epoch},
                                   {"position", image.position},
                                   {"substitute", image.substitute}}) +
             "\n";
  return lines;
}

std::string checkpointToResume(const Config& config, Repair repair) {
  if (config.run.resume != "auto") return config.run.resume;
  std::vector<std::string> skipped;
  std::string newest = newestCheckpoint(config.run.out, &skipped, repair);
  for (const std::string& reason : skipped) std::cerr << "passed over: " << reason << '\n';
  return newest;
}

void checkSchedule(const Config& config, const CheckpointInfo& info) {
  sayWhichSteps(config, info);
  const double now = config.optim.epochs, then = info.config.optim.epochs;
  if (now == then) return;
  if (now < info.epoch)
    throw Error(kEpochs,
                fmt::format("expected at least the {:g} that the run has done, got {:g}", info.epoch, now));
  std::cerr << fmt::format(
      "{}: {:g} instead of {:g}; the learning rate follows the new schedule from step {} on\n", kEpochs, now,
      then, info.step);
}

void checkSameRun(const Config& config, const CheckpointInfo& info, const std::string& fingerprint) {
  Config now = config, then = info.config;
  const std::vector<Option> a = options(now), b = options(then);
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].is(Scope::kChangesOnResume) || isOfSchedule(a[i].name)) continue;
    if (a[i].get() != b[i].get())
      throw Error(a[i].name,
                  fmt::format("expected {} as in the run to be resumed, got {}", b[i].get(), a[i].get()),
                  "resume with the same settings, or start a new run with --init");
  }
  if (fingerprint != info.dataFingerprint)
    throw Error(config.data.train,
                "is not the data this run was started with: its files, sizes or labels have changed",
                "resume with the same data, or start a new run with --init");
}

}  // namespace cv::mixmim
