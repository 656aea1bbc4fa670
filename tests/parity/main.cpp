// parity FOLDER: compares this implementation with golden numbers of the published one (format:
// tests/golden/README.md). A line per quantity, a summary in the last line. Exit code 0: all within
// tolerance; 1: not; 2: the folder cannot be used.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/parity/parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {
namespace {

namespace fs = std::filesystem;

bool endsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::vector<fs::path> filesIn(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) files.push_back(entry.path());
  if (error) throw Error(folder, "cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// X_weights.safetensors: all parameters of X's pretraining model, as the recipe makes them.
void checkWeightFile(const std::string& folder, const std::string& name, Report& report) {
  const std::string model = name.substr(0, name.size() - std::string("_weights").size());
  if (!fs::exists(fs::path(folder) / (model + "_pretrain.json")))
    return report.skipped(name, "there is no " + model + "_pretrain.json to say which model it is");
  const Golden golden = readGolden(folder, model + "_pretrain");
  const Config config = configOf(golden, Task::kPretrain, report);
  Quantity quantity(report, name);
  const TensorMap file = readSafetensors((fs::path(folder) / (name + ".safetensors")).string());
  for (const auto& [key, tensor] : test::recipeWeights(config.model, Task::kPretrain, golden.seed())) {
    const auto found = file.find(key);
    if (found == file.end())
      quantity.addExact(key + " is there", 0, 1);
    else
      compareTensor(quantity, key, toTorch(tensor), found->second);
  }
}

/// X_checkpoint.pth: needs X_pretrain.json to say what must follow.
void checkCheckpoint(const std::string& folder, const fs::path& path, Report& report) {
  const std::string name = path.stem().string(),
                    model = name.substr(0, name.size() - std::string("_checkpoint").size());
  if (!fs::exists(fs::path(folder) / (model + "_pretrain.json")))
    return report.skipped(name, "there is no " + model + "_pretrain.json to say what must follow");
  checkResuming(readGolden(folder, model + "_pretrain"), path.string(), report);
}

void checkFile(const std::string& folder, const fs::path& path, Report& report) {
  const std::string name = path.stem().string(), kind = path.extension().string();
  if (kind == ".json" && endsWith(name, "_pretrain")) checkPretraining(readGolden(folder, name), report);
  if (kind == ".json" && endsWith(name, "_finetune")) checkFinetuning(readGolden(folder, name), report);
  if (kind == ".json" && name == "extras") checkExtras(readGolden(folder, name), report);
  if (kind == ".safetensors" && endsWith(name, "_weights")) checkWeightFile(folder, name, report);
  if (kind == ".pth" && endsWith(name, "_checkpoint")) checkCheckpoint(folder, path, report);
}

int run(const std::string& folder) {
  Report report;
  for (const fs::path& path : filesIn(folder)) checkFile(folder, path, report);
  return report.summary() ? 0 : 1;
}

}  // namespace
}  // namespace cv::mixmim::parity

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: parity FOLDER\n", stderr);
    return 2;
  }
  try {
    return cv::mixmim::parity::run(argv[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "parity: error: %s\n", e.what());
    return 2;
  }
}
