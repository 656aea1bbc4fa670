// The checkpoints/ folder of a run: which are usable, which are kept, what `last` and `best` point to.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "model_io/atomic_file.hpp"
#include "model_io/checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// Folders called step-*, newest (highest number) first; hidden ones are left-overs of an interrupted write.
std::vector<fs::path> stepFolders(const std::string& runFolder) {
  std::vector<fs::path> folders;
  std::error_code ignored;  // a run without checkpoints has none
  for (const auto& entry : fs::directory_iterator(fs::path(runFolder) / "checkpoints", ignored))
    if (!entry.is_symlink() && entry.is_directory() &&
        entry.path().filename().string().rfind("step-", 0) == 0)
      folders.push_back(entry.path());
  const auto newer = [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename(), y = b.filename();
    return x.size() != y.size() ? x.size() > y.size() : x > y;
  };
  std::sort(folders.begin(), folders.end(), newer);
  return folders;
}

}  // namespace

std::vector<std::string> usableCheckpoints(const std::string& runFolder, std::vector<std::string>* skipped) {
  std::vector<std::string> usable;
  for (const fs::path& folder : stepFolders(runFolder)) {
    try {
      readCheckpointInfo(folder.string());
      readTrainerState(folder.string());
      usable.push_back(folder.string());
    } catch (const std::exception& e) {
      if (skipped) skipped->push_back(e.what());
    }
  }
  return usable;
}

void linkCheckpoint(const std::string& folder, const std::string& name) {
  const fs::path target = fs::absolute(folder).lexically_normal(), parent = target.parent_path();
  const fs::path temporary = parent / fmt::format(".{}.link", name);
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_symlink(target.filename(), temporary, error);
  if (!error) fs::rename(temporary, parent / name, error);
  if (error)
    throw Error((parent / name).string(),
                fmt::format("cannot be pointed at {}: {}", folder, error.message()));
  syncFolder(parent.string());
}

void pruneCheckpoints(const std::string& runFolder, int keep) {
  const fs::path checkpoints = fs::path(runFolder) / "checkpoints";
  const std::vector<fs::path> folders = stepFolders(runFolder);
  for (size_t i = static_cast<size_t>(keep); i < folders.size(); ++i) {
    const auto pointedAt = [&](const char* name) {
      std::error_code none;
      return fs::equivalent(checkpoints / name, folders[i], none);
    };
    if (!pointedAt("last") && !pointedAt("best")) fs::remove_all(folders[i]);
  }
}

}  // namespace cv::mixmim
