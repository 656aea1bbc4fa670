#include "sources/folders/pair_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "sources/files/file_source.hpp"
#include "sources/files/pixel_classes.hpp"
#include "sources/folders/folder_listing.hpp"
#include "sources/names/class_warnings.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPictures = "images";

/// Where pictures and their label maps lie: two branches of one root.
struct PairFolders {
  std::string root, pictures, masks;
};

bool isFolder(const fs::path& path) {
  std::error_code none;
  return fs::is_directory(path, none);
}

std::string joined(const std::string& folder, const std::string& below) {
  return below.empty() ? folder : folder + "/" + below;
}

/// The folder of the maps beside the pictures in images/`below`; empty if there is none.
std::string masksBeside(const std::string& root, const std::string& below) {
  for (const char* name : {"masks", "annotations"})
    if (isFolder(joined(root + "/" + name, below))) return joined(name, below);
  return {};
}

/// "data/images/train" -> {"data", "images/train", "masks/train"}, by the last folder that is called images.
PairFolders foldersAround(const fs::path& path) {
  std::string below;
  for (fs::path at = path; at.has_relative_path(); at = at.parent_path()) {
    if (at.filename() == kPictures) {
      const std::string root = at.has_parent_path() ? at.parent_path().string() : ".";
      return {root, joined(kPictures, below), masksBeside(root, below)};
    }
    below = joined(at.filename().string(), below);
  }
  return {};
}

std::string withoutSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

[[noreturn]] void refuse(const std::string& path) {
  if (isFolder(path + "/JPEGImages"))
    throw Error(path, "expected a list of Pascal VOC",
                "name one of " + path + "/ImageSets/Segmentation/*.txt");
  for (const char* part : {"train", "training"})
    if (isFolder(path + "/" + part + "/" + kPictures))
      throw Error(path, "its parts are data sets of their own",
                  fmt::format("did you mean {}/{}?", path, part));
  throw Error(path, "expected the folders images and masks, or images and annotations");
}

PairFolders foldersOf(const std::string& path) {
  PairFolders folders{path, kPictures, masksBeside(path, {})};
  if (!isFolder(path + "/" + kPictures)) folders = foldersAround(path);
  if (folders.masks.empty()) refuse(path);
  return folders;
}

/// "images/a/1.jpg" in the branch "images" -> "a/1".
std::string stemOf(std::string_view name, const std::string& branch) {
  name.remove_prefix(branch.size() + 1);
  const size_t dot = name.rfind('.'), slash = name.rfind('/');
  return std::string(dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)
                         ? name
                         : name.substr(0, dot));
}

/// Brings the pictures and the maps of two branches together.
class Pairing {
 public:
  explicit Pairing(PairFolders folders) : folders_(std::move(folders)) { files_.root = folders_.root; }

  PictureFiles run() {
    const PictureTable pictures = filesIn(folders_.pictures), masks = filesIn(folders_.masks);
    std::unordered_map<std::string, int64_t> maskOf;
    for (int64_t i = 0; i < masks.size(); ++i) maskOf.emplace(stemOf(masks.name(i), folders_.masks), i);
    std::vector<bool> used(static_cast<size_t>(masks.size()));
    for (int64_t i = 0; i < pictures.size(); ++i) {
      const auto found = maskOf.find(stemOf(pictures.name(i), folders_.pictures));
      if (found == maskOf.end()) {
        nameAlone(pictures.name(i));
        continue;
      }
      files_.pictures.add({}, pictures.name(i), -1);
      files_.masks.add({}, masks.name(found->second), -1);
      used[static_cast<size_t>(found->second)] = true;
    }
    files_.omissions.add(Omission::kMaskAlone, {}, std::count(used.begin(), used.end(), false));
    if (files_.pictures.size() == 0) refuseEmpty();
    return std::move(files_);
  }

 private:
  PictureTable filesIn(const std::string& branch) {
    PictureTable files;
    TreeWalk walk(folders_.root);
    walk.addBranch(branch, -1, 0, files);
    files_.omissions.add(walk.omissions());
    return files;
  }

  void nameAlone(std::string_view picture) {
    const std::string map = folders_.masks + "/" + stemOf(picture, folders_.pictures) + ".png";
    files_.problems.push_back({folders_.root + "/" + std::string(picture), 0, "has no label map " + map});
  }

  [[noreturn]] void refuseEmpty() const {
    throw Error(folders_.root,
                fmt::format("no picture in {} has a label map in {}", folders_.pictures, folders_.masks),
                "expected equal names, such as 1.jpg and 1.png");
  }

  PairFolders folders_;
  PictureFiles files_;
};

}  // namespace

std::shared_ptr<const Source> openPairFolder(const std::string& path, const SourceOptions& options) {
  PairFolders folders = foldersOf(withoutSlash(path));
  std::vector<std::string> classes = pixelClasses(folders.root, options);
  const std::string pictures = folders.root + "/" + folders.pictures;
  const std::vector<std::string> parts = contentOf(pictures).folders;
  PictureFiles files = Pairing(std::move(folders)).run();
  files.classes = std::move(classes);
  if (std::string warning = warningOfParts(pictures, parts); !warning.empty())
    files.warnings.push_back(std::move(warning));
  return sourceOf(std::move(files));
}

}  // namespace cv::mixmim
