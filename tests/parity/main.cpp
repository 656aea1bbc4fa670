// parity [--device D] [--precision P] FOLDER: compares this implementation with golden numbers of the
// published one (format: tests/golden/parity/README.md). A line per quantity, a summary in the last line.
// Exit code 0: all within tolerance; 1: not; 2: the folder cannot be read, or there is no such device.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "tests/parity/parity.hpp"

namespace cv::mixmim::parity {
namespace {

namespace fs = std::filesystem;

/// A file X<ending>, to be compared with what X<golden>.json says.
struct Kind {
  std::string ending, golden;
  void (*check)(const Golden& golden, const std::string& path, Report& report);
};

const std::vector<Kind>& kinds() {
  const auto pretraining = [](const Golden& golden, const std::string&, Report& report) {
    checkPretraining(golden, report);
  };
  const auto finetuning = [](const Golden& golden, const std::string&, Report& report) {
    checkFinetuning(golden, report);
  };
  const auto readAlready = [](const Golden&, const std::string&, Report&) {};
  static const std::vector<Kind> list{
      {"_pretrain.json", "_pretrain", pretraining},
      {"_finetune.json", "_finetune", finetuning},
      {"_pretrain.safetensors", "_pretrain", readAlready},
      {"_finetune.safetensors", "_finetune", readAlready},
      {"_weights.safetensors", "_pretrain", checkRecipeWeights},
      {"_checkpoint.pth", "_pretrain", checkResuming},
      {"_official.pth", "_finetune", checkClassifierFile},
      {"_timm.safetensors", "_finetune", checkClassifierFile},
  };
  return list;
}

const Kind* kindOf(const std::string& file) {
  for (const Kind& kind : kinds())
    if (endsWith(file, kind.ending)) return &kind;
  return nullptr;
}

std::string modelOf(const std::string& file, const Kind& kind) {
  return file.substr(0, file.size() - kind.ending.size());
}

std::vector<std::string> filesIn(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.is_regular_file()) files.push_back(entry.path().filename().string());
  if (error) throw Error(folder, "cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// Runs a comparison with a file: one that cannot be used is a failure, the others go on.
template <class Check>
void guarded(const std::string& file, Report& report, const Check& check) {
  try {
    report.part(file, check);
  } catch (const std::exception& e) {
    report.failure(file, e.what());
  }
}

/// A golden file that names its encoder. A file that cannot be used is none of them; what is
/// wrong with it is said when it is compared.
std::optional<Golden> namingItsEncoder(const std::string& folder, const std::string& name) {
  try {
    Golden golden = readGolden(folder, name);
    if (golden.find("config.encoder")) return golden;
  } catch (const std::exception&) {
  }
  return {};
}

/// Says which models this build does not know.
Models modelsOf(const std::string& folder, const std::vector<std::string>& files, Report& report) {
  Models models;
  for (const std::string& file : files) {
    const Kind* kind = kindOf(file);
    if (!kind || !endsWith(file, ".json")) continue;
    const std::string model = modelOf(file, *kind);
    const std::optional<Golden> golden = namingItsEncoder(folder, model + kind->golden);
    if (!golden) continue;
    const bool known = familyOf(*golden).has_value();
    const bool first = (known ? models.known : models.unknown).insert(model).second;
    if (!known && first) report.skipped(model, "this build has no encoder " + encoderNameOf(*golden));
  }
  return models;
}

void checkFile(const std::string& folder, const std::string& file, const Models& models, Report& report) {
  if (file == "extras.json") return checkExtras(readGolden(folder, "extras"), folder, models, report);
  const Kind* kind = kindOf(file);
  if (!kind) return report.skipped(file, "no golden file has such a name");
  const std::string model = modelOf(file, *kind);
  if (models.unknown.count(model) > 0) return;  // said already
  kind->check(readGolden(folder, model + kind->golden), (fs::path(folder) / file).string(), report);
}

/// Files that are meant to be compared; a folder may hold texts for people too.
bool isGolden(const std::string& file) {
  return (endsWith(file, ".json") || endsWith(file, ".safetensors") || endsWith(file, ".pth")) &&
         file != "extras.safetensors";
}

int run(const std::string& folder, const Conditions& conditions) {
  conditions.check();
  Report report(conditions);
  const std::vector<std::string> files = filesIn(folder);
  const Models models = modelsOf(folder, files, report);
  for (const std::string& file : files)
    if (isGolden(file)) guarded(file, report, [&] { checkFile(folder, file, models, report); });
  return report.summary() ? 0 : 1;
}

}  // namespace
}  // namespace cv::mixmim::parity

int main(int argc, char** argv) {
  cv::mixmim::parity::Conditions conditions;
  int next = 1;
  for (; next + 2 < argc; next += 2) {
    const std::string option = argv[next];
    if (option != "--device" && option != "--precision") break;
    (option == "--device" ? conditions.device : conditions.precision) = argv[next + 1];
  }
  if (next + 1 != argc || cv::mixmim::startsWith(argv[next], "--")) {
    std::fputs("usage: parity [--device cpu|cuda|cuda:N] [--precision float32|bfloat16] FOLDER\n", stderr);
    return 2;
  }
  try {
    return cv::mixmim::parity::run(argv[next], conditions);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "parity: error: %s\n", e.what());
    return 2;
  }
}
