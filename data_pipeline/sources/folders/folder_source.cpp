#include "sources/folders/folder_source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "sources/files/file_source.hpp"
#include "sources/folders/folder_listing.hpp"
#include "sources/names/class_warnings.hpp"

namespace cv::mixmim {

namespace {

/// Finds the pictures of a tree.
class TreeReader {
 public:
  TreeReader(const std::string& root, const SourceOptions& options)
      : options_(options), content_(contentOf(root)), walk_(root) {
    files_.root = root;
  }

  PictureFiles run() {
    files_.omissions = content_.omissions;
    addLoosePictures();
    for (const std::string& folder : content_.folders) addClass(folder);
    if (files_.pictures.size() == 0) refuseEmpty();
    if (needed() && files_.classes.empty())
      throw Error(files_.root, "has no class folders, and classes are needed",
                  "expected one folder per class");
    warnAboutClasses();
    return std::move(files_);
  }

 private:
  bool needed() const { return options_.classes == Classes::kNeeded; }

  /// Those directly in the root: passed over beside classes, where classes are needed.
  void addLoosePictures() {
    const auto count = static_cast<int64_t>(content_.images.size());
    if (needed() && !content_.folders.empty())
      return files_.omissions.add(Omission::kBesideClasses, {}, count);
    const int64_t kept =
        options_.imagesPerClass > 0 ? std::min<int64_t>(count, options_.imagesPerClass) : count;
    for (int64_t i = 0; i < kept; ++i) files_.pictures.add("", content_.images[static_cast<size_t>(i)], -1);
  }

  void addClass(const std::string& folder) {
    const int64_t before = files_.pictures.size();
    walk_.addBranch(folder, static_cast<int>(files_.classes.size()), options_.imagesPerClass,
                    files_.pictures);
    files_.omissions.add(walk_.omissions());
    if (files_.pictures.size() == before) return passFolder(folder);
    files_.classes.push_back(folder);
    inFolders_ += walk_.foldersWithImages() > 0;
    foldersInside_ += walk_.foldersWithImages();
  }

  void passFolder(const std::string& folder) {
    const std::string what = withWhatItHolds("class without images", walk_.omissions());
    const std::string path = files_.root + "/" + folder;
    if (needed()) throw Error(path, what, "remove the folder or put images into it");
    files_.warnings.push_back(path + ": " + what);
  }

  static std::string withWhatItHolds(const std::string& what, const Omissions& omissions) {
    return omissions.text().empty() ? what : fmt::format("{}, it holds {}", what, omissions.text());
  }

  [[noreturn]] void refuseEmpty() const {
    const std::string hint = "expected class folders or files like .jpg and .png";
    if (files_.omissions.text().empty()) throw Error(files_.root + ": holds no image, " + hint);
    throw Error(files_.root, withWhatItHolds("no image of a kind that is read here", files_.omissions), hint);
  }

  void warnAboutClasses() {
    const ClassFolders folders{files_.root, files_.classes, inFolders_, foldersInside_};
    if (const std::string warning = warningOfFolders(folders); !warning.empty())
      files_.warnings.push_back(warning);
  }

  const SourceOptions& options_;
  FolderContent content_;
  TreeWalk walk_;
  PictureFiles files_;
  int64_t inFolders_ = 0;      // classes whose images lie in folders
  int64_t foldersInside_ = 0;  // how many folders these are
};

}  // namespace

std::shared_ptr<const Source> openFolder(const std::string& root, const SourceOptions& options) {
  const size_t last = root.find_last_not_of('/');  // "data/" is "data", in messages too
  const std::string folder = last == std::string::npos ? root : root.substr(0, last + 1);
  return sourceOf(TreeReader(folder, options).run());
}

}  // namespace cv::mixmim
