#include "sources/folders/folder_listing.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// Who the folder is, however it was reached.
std::pair<uint64_t, uint64_t> identityOf(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0)
    throw Error(folder, fmt::format("cannot be read ({})", std::generic_category().message(errno)));
  return {status.st_dev, status.st_ino};
}

}  // namespace

/// A link that leads nowhere counts as a file: reading it reports what is wrong.
FolderContent contentOf(const std::string& folder) {
  FolderContent content;
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    if (const auto reason = reasonToPass(name)) {
      content.omissions.add(*reason, *reason == Omission::kSystem ? name : std::string());
      continue;
    }
    refuseUnlessUtf8(name, folder);
    std::error_code leadsNowhere;
    const std::string ending = endingOf(name);
    if (entry->is_directory(leadsNowhere))
      content.folders.push_back(std::move(name));
    else if (isImageEnding(ending))
      content.images.push_back(std::move(name));
    else
      content.omissions.add(Omission::kOtherFile, ending);
  }
  if (failed) throw Error(folder, fmt::format("cannot be read ({})", failed.message()));
  std::sort(content.folders.begin(), content.folders.end());
  std::sort(content.images.begin(), content.images.end());
  return content;
}

TreeWalk::TreeWalk(std::string root) : root_(std::move(root)), above_{identityOf(root_)} {}

void TreeWalk::addBranch(const std::string& branch, int label, int limit, PictureTable& pictures) {
  omissions_ = {};
  foldersWithImages_ = 0;
  const int64_t end = limit > 0 ? pictures.size() + limit : std::numeric_limits<int64_t>::max();
  enter(branch + "/", label, end, pictures);
}

void TreeWalk::enter(const std::string& relative, int label, int64_t end, PictureTable& pictures) {
  constexpr size_t kDeepest = 128;
  const std::string path = root_ + "/" + relative;
  const Identity identity = identityOf(path);
  if (std::find(above_.begin(), above_.end(), identity) != above_.end())
    return omissions_.add(Omission::kLink, "to a folder above");
  if (above_.size() > kDeepest) throw Error(path, fmt::format("lies more than {} folders deep", kDeepest));

  FolderContent content = contentOf(path);
  omissions_.add(content.omissions);
  for (const std::string& name : content.images)
    if (pictures.size() < end) pictures.add(relative, name, label);
  above_.push_back(identity);
  // "a.b" comes before "a", because a folder's name ends in '/'.
  std::sort(content.folders.begin(), content.folders.end(),
            [](const std::string& a, const std::string& b) { return a + '/' < b + '/'; });
  for (const std::string& name : content.folders) {
    const int64_t before = pictures.size();
    enter(relative + name + "/", label, end, pictures);
    foldersWithImages_ += above_.size() == 2 && pictures.size() > before;
  }
  above_.pop_back();
}

std::vector<std::string> shardsIn(const std::string& folder) {
  const FolderContent content = contentOf(folder);
  if (!content.folders.empty() || !content.images.empty()) return {};
  std::vector<std::string> shards;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (endsWith(name, ".tar") && !reasonToPass(name)) shards.push_back(folder + "/" + name);
  }
  std::sort(shards.begin(), shards.end());
  return shards;
}

}  // namespace cv::mixmim
