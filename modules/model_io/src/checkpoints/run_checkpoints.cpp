// The checkpoints/ folder of a run: which are usable, which are kept, what `last` and `best` point to.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checkpoints/checkpoint_names.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/files/atomic_file.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

/// Entries of the run's checkpoints/ whose names begin so; none where there is no such folder.
std::vector<fs::path> entries(const std::string& runFolder, const std::string& start) {
  std::vector<fs::path> found;
  const fs::path folder = fs::path(runFolder) / kCheckpoints;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (startsWith(entry.path().filename().string(), start)) found.push_back(entry.path());
  return found;
}

/// Folders called step-*, newest (highest number) first.
std::vector<fs::path> stepFolders(const std::string& runFolder) {
  std::vector<fs::path> folders = entries(runFolder, "step-");
  const auto noFolder = [](const fs::path& path) { return !fs::is_directory(path); };
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

/// `last` and `best` where they are folders and no links.
std::vector<fs::path> namedFolders(const std::string& runFolder) {
  std::vector<fs::path> found;
  for (const char* name : {kLast, kBest}) {
    const fs::path path = fs::path(runFolder) / kCheckpoints / name;
    if (!fs::is_symlink(path) && isCheckpointFolder(path.string())) found.push_back(path);
  }
  return found;
}

/// The checkpoints of a run whose state.json can be read, most steps first.
std::vector<CheckpointFolder> readable(const std::string& runFolder, Names* skipped = nullptr) {
  std::vector<CheckpointFolder> all;
  for (const auto& folders : {stepFolders(runFolder), hiddenCheckpoints(runFolder), namedFolders(runFolder)})
    for (const fs::path& folder : folders) try {
        all.emplace_back(folder.string());
      } catch (const Error& e) {
        if (skipped) skipped->emplace_back(e.what());
      }
  std::stable_sort(all.begin(), all.end(), [](const CheckpointFolder& a, const CheckpointFolder& b) {
    return a.info().step > b.info().step;
  });
  return all;
}

[[noreturn]] void failAll(const std::string& runFolder, const Names& reasons) {
  const std::string count =
      reasons.size() == 1 ? "one checkpoint" : fmt::format("{} checkpoints", reasons.size());
  throw Error(runFolder, fmt::format("has {}, and none can be read: {}", count, fmt::join(reasons, "; ")));
}

/// Removes a folder that stands where a link shall be, if nothing is lost with it.
void makeRoom(const fs::path& link, std::error_code& error) {
  if (!fs::is_directory(fs::symlink_status(link, error))) return error.clear();
  if (!isCheckpointFolder(link.string()) && !fs::is_empty(link, error))
    error = std::make_error_code(std::errc::is_a_directory);
  else
    fs::remove_all(link, error);
}

}  // namespace

std::string newestCheckpoint(const std::string& runFolder, std::vector<std::string>* skipped, Repair repair) {
  std::string newest;
  Names reasons;
  onFiles(runFolder, [&] {
    if (repair == Repair::kPutBack) finishReplacements(runFolder);
    for (const CheckpointFolder& checkpoint : readable(runFolder, &reasons)) try {
        checkpoint.verify();
        newest = checkpoint.folder();
        return;
      } catch (const Error& e) {
        reasons.emplace_back(e.what());
      }
  });
  if (newest.empty() && !reasons.empty()) failAll(runFolder, reasons);
  if (skipped) skipped->insert(skipped->end(), reasons.begin(), reasons.end());
  return newest;
}

std::string checkpointToRead(const std::string& runFolder, std::vector<std::string>* skipped) {
  std::error_code none;
  const fs::path last = fs::path(runFolder) / kCheckpoints / kLast;
  bool usual = false;
  onFiles(runFolder, [&] {
    const std::vector<fs::path> folders = stepFolders(runFolder);
    usual = fs::is_symlink(last) && isCheckpointFolder(last.string()) && !folders.empty() &&
            fs::equivalent(last, folders.front(), none);
  });
  return usual ? last.string() : newestCheckpoint(runFolder, skipped, Repair::kLookOnly);
}

std::string bestCheckpoint(const std::string& runFolder) {
  std::string best;
  onFiles(runFolder, [&] {
    const std::vector<CheckpointFolder> all = readable(runFolder);
    const auto isBest = [&](const CheckpointFolder& one) {
      return one.info().step == all.front().info().bestStep;
    };
    const fs::path named = fs::path(runFolder) / kCheckpoints / kBest;
    const auto found = std::find_if(all.begin(), all.end(), isBest);
    if (found != all.end())
      best = found->folder();
    else if (isCheckpointFolder(named.string()))
      best = named.string();
  });
  return best;
}

void linkCheckpoint(const std::string& folder, const std::string& name) {
  const fs::path target = withoutSlash(fs::absolute(folder)), parent = target.parent_path();
  const fs::path link = parent / name, unfinished = hiddenName(link, kUnfinished);
  std::error_code error, ignored;
  fs::remove(unfinished, error);
  fs::create_symlink(target.filename(), unfinished, error);
  if (!error) makeRoom(link, error);
  if (!error) fs::rename(unfinished, link, error);
  if (!error) return syncFolder(parent.string());
  fs::remove(unfinished, ignored);
  throw Error(link.string(), fmt::format("cannot be pointed at {}: {}", folder, error.message()));
}

void pruneCheckpoints(const std::string& runFolder, int keep) {
  onFiles(runFolder, [&] {
    const std::vector<fs::path> folders = stepFolders(runFolder);
    if (folders.size() <= static_cast<size_t>(std::max(keep, 0))) return;
    const fs::path best = bestCheckpoint(runFolder);
    for (size_t i = static_cast<size_t>(std::max(keep, 0)); i < folders.size(); ++i) {
      const fs::path here = folders[i].parent_path();
      const auto is = [&](const fs::path& other) {
        std::error_code none;
        return fs::equivalent(other, folders[i], none);
      };
      const bool kept = is(here / kLast) || is(here / kBest) || is(best) || fs::is_symlink(folders[i]);
      if (!kept) removeCheckpoint(folders[i]);
    }
  });
}

void removeLeftOvers(const std::string& runFolder) {
  onFiles(runFolder, [&] {
    finishReplacements(runFolder);
    for (const fs::path& leftOver : entries(runFolder, ".step-")) fs::remove_all(leftOver);
  });
}

}  // namespace cv::mixmim
