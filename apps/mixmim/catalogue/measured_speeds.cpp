#include "catalogue/measured_speeds.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "evaluation/trainer_scores.hpp"
#include "inputs/class_match.hpp"
#include "model/parameters.hpp"
#include "model_io/files/atomic_file.hpp"
#include "model_io/files/cache_folder.hpp"
#include "model_io/onnx/export.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "report/records/record_files.hpp"
#include "terminal/machine.hpp"
#include "terminal/timing.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr size_t kMostBytes = 1 << 16;

/// All that a time follows from besides the size.
std::string currentConditions() {
  const json::object versions = programVersions();
  return fmt::format("{}; {} threads; mixmim {}; OpenCV {}", processorName(), cv::getNumThreads(),
                     json::value_to<std::string>(versions.at("mixmim")),
                     json::value_to<std::string>(versions.at("opencv")));
}

/// The times of the file under these conditions. Whatever is damaged is measured again.
std::map<std::string, double> timesIn(const std::string& path, const std::string& conditions) {
  std::map<std::string, double> times;
  try {
    const auto text = report::readSmallFile(path, kMostBytes);
    const json::value kept = text ? parseJson(*text, path) : json::value();
    if (!kept.is_object() || kept.at("conditions") != json::value(conditions)) return {};
    for (const auto& [size, value] : kept.at("ms").as_object())
      if (const double ms = value.to_number<double>(); std::isfinite(ms) && ms > 0)
        times[std::string(size)] = ms;
  } catch (const std::exception&) {
    return {};
  }
  return times;
}

/// A new, empty folder that vanishes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((fs::temp_directory_path() / "mixmim-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) throw Error(path_, "cannot make a temporary folder of this name");
  }
  ~TemporaryFolder() {
    std::error_code ignored;  // a destructor must not throw
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const char* name) const { return (fs::path(path_) / name).string(); }

 private:
  std::string path_;
};

}  // namespace

MeasuredSpeeds::MeasuredSpeeds(std::string path)
    : path_(std::move(path)), conditions_(currentConditions()), ms_(timesIn(path_, conditions_)) {}

std::optional<double> MeasuredSpeeds::of(const std::string& size) const {
  const auto found = ms_.find(size);
  return found == ms_.end() ? std::nullopt : std::optional(found->second);
}

void MeasuredSpeeds::set(const std::string& size, double ms) {
  ms_[size] = ms;
  if (path_.empty()) return;
  std::error_code ignored;  // writing says what is wrong
  fs::create_directories(fs::path(path_).parent_path(), ignored);
  AtomicFile file(path_);
  file.write(jsonText(json::object{{"conditions", conditions_}, {"ms", json::value_from(ms_)}}) + "\n");
  file.commit();
}

std::string speedsFile() {
  const std::string folder = userCacheFolder();
  return folder.empty() ? "" : (fs::path(folder) / "speeds.json").string();
}

double measureMilliseconds(const ModelFacts& facts, double seconds) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.onnx";
  DeployedModel about;
  about.labels = numberedClasses(facts.model.classes);
  exportOnnx(path, initialWeights(facts.model, Task::kFinetune, /*seed=*/0), facts.model, about);
  const cv::Ptr<Classifier> classifier = Classifier::create(path);
  const std::vector<cv::Mat> pictures = testPictures(1, classifier->inputSize());
  return median(timesOf(seconds, [&] { classifier->classifyBatch(pictures); }));
}

}  // namespace cv::mixmim
