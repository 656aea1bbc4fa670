#include "run/kept_records.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data_pipeline/cores.hpp"
#include "model_io/files/atomic_file.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "report/records/record_files.hpp"
#include "terminal/machine.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

template <class Bytes>
void writeWhole(const fs::path& path, const Bytes& bytes) {
  AtomicFile file(path.string());
  file.write(bytes.data(), bytes.size());
  file.commit();
}

/// A small JPEG of what the model saw.
std::vector<uint8_t> thumbnail(const cv::Mat& picture) {
  constexpr int kSide = 128;
  cv::Mat small = picture;
  if (picture.cols > kSide)
    cv::resize(picture, small, {kSide, std::max(1, kSide * picture.rows / picture.cols)}, 0, 0,
               cv::INTER_AREA);
  std::vector<uint8_t> jpeg;
  cv::imencode(".jpg", small, jpeg, {cv::IMWRITE_JPEG_QUALITY, 90});
  return jpeg;
}

/// Writes the pictures as <name>-00.jpg, ... and describes them.
json::array writePictures(const fs::path& folder, const TellingPictures& telling, const Source& source) {
  json::array list;
  for (const TellingPicture& one : telling.pictures) {
    const std::string file = fmt::format("{}-{:02}.jpg", telling.name, list.size());
    writeWhole(folder / file, thumbnail(one.picture));
    json::object about{{"file", file}, {"name", source.name(one.sample)}};
    about.insert(one.facts.begin(), one.facts.end());
    list.push_back(std::move(about));
  }
  return list;
}

json::object describe(const KeptEvaluation& kept) {
  const cv::Mat& matrix = kept.measured.confusion;
  json::array confusion;
  for (int label = 0; label < matrix.rows; ++label)
    for (int answer = 0; answer < matrix.cols; ++answer)
      if (const int count = matrix.at<int>(label, answer); count > 0)
        confusion.push_back(json::array{label, answer, count});
  json::object description = toJson(kept.measured);
  description["step"] = kept.step;
  description["data"] = kept.data;
  description["confusion"] = std::move(confusion);
  return description;
}

/// This process's arguments as a line for a shell.
std::string commandLine() {
  constexpr size_t kMost = 1 << 16;
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line;
  for (std::string word; line.size() < kMost && std::getline(file, word, '\0');) {
    if (line.empty()) word = fs::path(word).filename().string();
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n\"'\\$`!*?[]{}()<>|&;#~") == std::string::npos;
    if (!plain) {
      std::string quoted = "'";
      for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
      word = quoted + "'";
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line;
}

/// The commands of earlier starts; none where the file is not one of ours.
json::array earlierCommands(const fs::path& path) {
  constexpr size_t kMostBytes = 1 << 20, kMostCommands = 99;
  try {
    const auto text = report::readSmallFile(path, kMostBytes);
    const json::value machine = text ? parseJson(*text, path.string()) : json::value();
    json::array commands = machine.at("commands").as_array();
    while (commands.size() > kMostCommands) commands.erase(commands.begin() + 1);  // the first began the run
    return commands;
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

void keepEvaluation(const std::string& folder, const KeptEvaluation& evaluation) {
  const fs::path whole = fs::path(folder) / "evaluation", next = fs::path(folder) / ".evaluation.next";
  try {
    fs::remove_all(next);
    fs::create_directories(next);
    json::object description = describe(evaluation);
    for (const TellingPictures& telling : evaluation.measured.telling)
      description[telling.name] = writePictures(next, telling, evaluation.source);
    writeWhole(next / "evaluation.json", jsonText(description) + "\n");
    fs::remove_all(whole);
    fs::rename(next, whole);
  } catch (const fs::filesystem_error& e) {
    throw Error(whole.string(), fmt::format("cannot be written: {}", e.code().message()));
  }
}

void keepMachine(const std::string& folder, const Config& config) {
  const fs::path path = fs::path(folder) / "machine.json";
  json::array commands = config.run.resume.empty() ? json::array() : earlierCommands(path);
  commands.emplace_back(commandLine());
  utsname system{};
  uname(&system);
  const Plugin& trainer = loadPlugin(config.run.trainer, interfaceOf<Trainer>());
  std::error_code error;
  const json::object machine{
      {"started", fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::time(nullptr)))},
      {"folder", fs::current_path(error).string()},
      {"commands", std::move(commands)},
      {"processor", processorName()},
      {"cores", availableCores()},
      {"threads", config.run.threads > 0 ? config.run.threads : availableCores()},
      {"device", config.run.device},
      {"memory", systemLine("/proc/meminfo", "MemTotal")},
      {"system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
      {"versions", programVersions()},
      {"trainer",
       {{"plugin", trainer.name}, {"description", parseJson(trainer.table->describe(), trainer.path)}}}};
  writeWhole(path, jsonText(machine) + "\n");
}

}  // namespace cv::mixmim
