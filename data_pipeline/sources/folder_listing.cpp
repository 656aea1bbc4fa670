#include "sources/folder_listing.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr std::array kExtensions{".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"};

bool endsWithIgnoringCase(const std::string& name, const std::string& ending) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return name.size() >= ending.size() && std::equal(ending.rbegin(), ending.rend(), name.rbegin(),
                                                    [&](char a, char b) { return a == lower(b); });
}

bool isImageName(const std::string& name) {
  return std::any_of(kExtensions.begin(), kExtensions.end(),
                     [&](const char* ending) { return endsWithIgnoringCase(name, ending); });
}

struct Entries {
  std::vector<std::string> folders, images;
};

/// The entries directly in `folder`. A link that leads nowhere counts as a file: reading it reports what is
/// wrong.
Entries list(const std::string& folder) {
  Entries entries;
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::error_code leadsNowhere;
    std::string name = entry->path().filename().string();
    if (entry->is_directory(leadsNowhere))
      entries.folders.push_back(std::move(name));
    else if (isImageName(name))
      entries.images.push_back(std::move(name));
  }
  if (failed) throw Error(folder, fmt::format("cannot be read ({})", failed.message()));
  std::sort(entries.folders.begin(), entries.folders.end());
  std::sort(entries.images.begin(), entries.images.end());
  return entries;
}

/// Walks a tree; `groups` receives each folder (relative, "" or ending in '/') with the images directly in
/// it.
class Walk {
 public:
  using Group = std::pair<std::string, std::vector<std::string>>;

  explicit Walk(std::string root) : root_(std::move(root)) {}

  std::vector<Group> run() {
    enter("");
    std::sort(groups_.begin(), groups_.end());
    return std::move(groups_);
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  void enter(const std::string& relative) {
    struct stat status {};
    const std::string folder = root_ + "/" + relative;
    if (::stat(folder.c_str(), &status) != 0)
      throw Error(folder, fmt::format("cannot be read ({})", std::generic_category().message(errno)));
    const Identity identity{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), identity) != above_.end())
      return;  // a link to a folder above

    Entries entries = list(folder);
    groups_.emplace_back(relative, std::move(entries.images));
    above_.push_back(identity);
    for (const std::string& name : entries.folders) enter(relative + name + "/");
    above_.pop_back();
  }

  std::string root_;
  std::vector<Identity> above_;  // folders from the root to the current one
  std::vector<Group> groups_;
};

}  // namespace

bool isImageExtension(const std::string& extension) {
  return std::any_of(kExtensions.begin(), kExtensions.end(),
                     [&](const char* ending) { return extension == ending + 1; });
}

std::vector<std::string> foldersIn(const std::string& folder) {
  return list(folder).folders;
}

std::vector<std::string> imagesIn(const std::string& folder, bool recursive) {
  if (!recursive) return list(folder).images;
  std::vector<std::string> images;
  for (const auto& [relative, names] : Walk(folder).run())
    for (const std::string& name : names) images.push_back(relative + name);
  return images;
}

}  // namespace cv::mixmim
