// The checkpoints/ folder of a run: which are usable, which are kept, what `last` and `best` point to.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "checkpoints/checkpoint_names.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/files/atomic_file.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// Entries of the run's checkpoints/ whose names begin so; none where there is no such folder.
std::vector<fs::path> entries(const std::string& runFolder, const std::string& start) {
  std::vector<fs::path> found;
  const fs::path folder = fs::path(runFolder) / "checkpoints";
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (startsWith(entry.path().filename().string(), start)) found.push_back(entry.path());
  return found;
}

/// Folders called step-*, newest (highest number) first.
std::vector<fs::path> stepFolders(const std::string& runFolder) {
  std::vector<fs::path> folders = entries(runFolder, "step-");
  const auto noFolder = [](const fs::path& path) { return fs::is_symlink(path) || !fs::is_directory(path); };
  folders.erase(std::remove_if(folders.begin(), folders.end(), noFolder), folders.end());
  const auto newer = [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename(), y = b.filename();
    return x.size() != y.size() ? x.size() > y.size() : x > y;
  };
  std::sort(folders.begin(), folders.end(), newer);
  return folders;
}

/// ".step-7.old" -> "step-7", beside it.
fs::path shownName(const fs::path& hidden, const std::string& ending) {
  const std::string name = hidden.filename().string();
  return hidden.parent_path() / name.substr(1, name.size() - 1 - ending.size());
}

/// Where a process was killed between the two renames of a replacement, the old checkpoint is still hidden.
std::vector<fs::path> hiddenCheckpoints(const std::string& runFolder) {
  std::vector<fs::path> found;
  for (const fs::path& hidden : entries(runFolder, ".step-"))
    if (endsWith(hidden.filename().string(), kReplaced) && !fs::exists(shownName(hidden, kReplaced)))
      found.push_back(hidden);
  return found;
}

void finishReplacements(const std::string& runFolder) {
  std::error_code ignored;  // a run that cannot be written can still be read
  for (const fs::path& hidden : hiddenCheckpoints(runFolder))
    fs::rename(hidden, shownName(hidden, kReplaced), ignored);
}

/// Deletes a checkpoint so that a kill in between leaves no damaged one.
void removeCheckpoint(const fs::path& folder) {
  const fs::path hidden = hiddenName(folder, kRemoved);
  fs::remove_all(hidden);
  fs::rename(folder, hidden);
  fs::remove_all(hidden);
}

/// Runs `work`; what the file system reports becomes an Error.
template <class Work>
void onFiles(const std::string& where, Work work) {
  try {
    work();
  } catch (const fs::filesystem_error& e) {
    throw Error(where, e.what());
  }
}

}  // namespace

std::vector<std::string> usableCheckpoints(const std::string& runFolder, std::vector<std::string>* skipped,
                                           Repair repair) {
  std::vector<std::pair<int64_t, std::string>> usable;
  onFiles(runFolder, [&] {
    if (repair == Repair::kPutBack) finishReplacements(runFolder);
    std::vector<fs::path> folders = stepFolders(runFolder);
    const std::vector<fs::path> hidden = hiddenCheckpoints(runFolder);
    folders.insert(folders.end(), hidden.begin(), hidden.end());
    for (const fs::path& folder : folders) {
      try {
        usable.emplace_back(verifyCheckpoint(folder.string()).step, folder.string());
      } catch (const Error& e) {
        if (skipped) skipped->emplace_back(e.what());
      }
    }
  });
  std::stable_sort(usable.begin(), usable.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> paths;
  for (const auto& checkpoint : usable) paths.push_back(checkpoint.second);
  return paths;
}

void linkCheckpoint(const std::string& folder, const std::string& name) {
  const fs::path target = withoutSlash(fs::absolute(folder)), parent = target.parent_path();
  const fs::path link = parent / name, unfinished = hiddenName(link, kUnfinished);
  std::error_code error;
  fs::remove(unfinished, error);
  fs::create_symlink(target.filename(), unfinished, error);
  if (!error) fs::rename(unfinished, link, error);
  if (error) throw Error(link.string(), fmt::format("cannot be pointed at {}: {}", folder, error.message()));
  syncFolder(parent.string());
}

void pruneCheckpoints(const std::string& runFolder, int keep) {
  onFiles(runFolder, [&] {
    finishReplacements(runFolder);
    for (const fs::path& leftOver : entries(runFolder, ".step-")) fs::remove_all(leftOver);
    const std::vector<fs::path> folders = stepFolders(runFolder);
    for (size_t i = static_cast<size_t>(std::max(keep, 0)); i < folders.size(); ++i) {
      const auto isTargetOf = [&](const char* name) {
        std::error_code none;
        return fs::equivalent(folders[i].parent_path() / name, folders[i], none);
      };
      if (!isTargetOf("last") && !isTargetOf("best")) removeCheckpoint(folders[i]);
    }
  });
}

}  // namespace cv::mixmim
