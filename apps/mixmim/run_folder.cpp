#include "apps/mixmim/run_folder.hpp"

#include <boost/json.hpp>
#include <ctime>
#include <filesystem>
#include <iostream>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/options.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr const char *kMetrics = "metrics.jsonl", *kLog = "train.log";

void removeRun(const fs::path& folder) {
  for (const char* name : {"config.ini", kMetrics, kLog, "bad_images.jsonl", "checkpoints", "pictures"})
    fs::remove_all(folder / name);
}

void writeText(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Error(path.string(), "cannot be written");
}

}  // namespace

RunFolder::RunFolder(const Config& config) : path_(config.run.out) {
  if (path_.empty())
    throw Error("run.out", "a run needs a folder for its results", "name one with --out RUN");
  const fs::path folder(path_);
  if (fs::exists(folder / "config.ini") && config.run.resume.empty()) {
    if (!config.run.overwrite)
      throw Error(path_, "there is a run in this folder already",
                  "--resume auto continues it, --overwrite starts anew");
    removeRun(folder);
  }
  std::error_code error;
  fs::create_directories(folder / "checkpoints", error);
  fs::create_directories(folder / "pictures", error);
  if (error) throw Error(path_, fmt::format("cannot be created: {}", error.message()));
  writeText(folder / "config.ini", toIni(config));
}

std::string RunFolder::checkpoint(int64_t step) const {
  return (fs::path(path_) / "checkpoints" / fmt::format("step-{:08}", step)).string();
}

std::string RunFolder::picture(const std::string& name) const {
  return (fs::path(path_) / "pictures" / name).string();
}

void RunFolder::append(std::ofstream& file, const char* name, const std::string& line) {
  if (!file.is_open()) file.open(fs::path(path_) / name, std::ios::app);
  file << line << '\n';
  file.flush();
  if (file || warned_) return;
  warned_ = true;
  std::cerr << fmt::format("warning: {}/{} cannot be written; training goes on without it\n", path_, name);
}

void RunFolder::say(const std::string& text) {
  std::cerr << text << '\n';
  append(log_, kLog, fmt::format("{:%Y-%m-%d %H:%M:%S}  {}", fmt::localtime(std::time(nullptr)), text));
}

void RunFolder::log(const boost::json::object& metrics) {
  append(metrics_, kMetrics, boost::json::serialize(metrics));
}

void RunFolder::writeBadImages(const std::vector<BadImage>& images) {
  std::string text;
  for (const BadImage& image : images)
    text += boost::json::serialize(boost::json::object{{"path", image.path},
                                                       {"offset", image.offset},
                                                       {"reason", image.reason},
                                                       {"epoch", image.epoch},
                                                       {"position", image.position},
                                                       {"substitute", image.substitute}}) +
            "\n";
  if (!text.empty()) writeText(fs::path(path_) / "bad_images.jsonl", text);
}

void RunFolder::rewindLog(int64_t step) {
  std::ifstream file(fs::path(path_) / kMetrics);
  std::string kept, line;
  while (std::getline(file, line)) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    const bool whole = !error && value.is_object() && value.as_object().if_contains("step");
    if (whole && value.at("step").to_number<int64_t>() <= step) kept += line + "\n";
  }
  file.close();
  writeText(fs::path(path_) / kMetrics, kept);
}

std::string checkpointToResume(const Config& config) {
  if (config.run.resume != "auto") return config.run.resume;
  std::vector<std::string> skipped;
  const std::vector<std::string> usable = usableCheckpoints(config.run.out, &skipped);
  for (const std::string& reason : skipped) std::cerr << "passed over: " << reason << '\n';
  return usable.empty() ? "" : usable.front();
}

void checkSameRun(const Config& config, const CheckpointInfo& info, const std::string& fingerprint) {
  Config now = config, then = info.config;
  const std::vector<Option> a = options(now), b = options(then);
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string section = a[i].name.substr(0, a[i].name.find('.'));
    // Where a run lives, how often it reports and on how many threads it loads may change; what it computes
    // may not.
    if ((section == "run" && a[i].name != "run.seed" && a[i].name != "run.task") ||
        a[i].name == "data.train" || a[i].name == "data.val" || a[i].name == "data.ring" ||
        a[i].name.rfind("data.maxBad", 0) == 0)
      continue;
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
