#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data_pipeline/omissions.hpp"
#include "sources/files/picture_table.hpp"

namespace cv::mixmim {

/// What lies directly in a folder, sorted bytewise, links followed.
struct FolderContent {
  std::vector<std::string> folders, images;
  Omissions omissions;
};

/// Throws Error if the folder cannot be read, and for a name that is not UTF-8.
FolderContent contentOf(const std::string& folder);

/// Walks a tree of folders, one branch after the other.
class TreeWalk {
 public:
  /// `root` is above all branches, so that links to it are known, too.
  explicit TreeWalk(std::string root);

  /// Adds the images in `root`/`branch` and in all folders below it, links followed, in the order of folders
  /// and then of names; at most `limit` of them, 0 = all. Throws Error as contentOf() does.
  void addBranch(const std::string& branch, int label, int limit, PictureTable& pictures);

  /// What the last branch held beside its images.
  const Omissions& omissions() const { return omissions_; }
  /// How many folders directly in the last branch hold images.
  int64_t foldersWithImages() const { return foldersWithImages_; }

 private:
  using Identity = std::pair<uint64_t, uint64_t>;

  void enter(const std::string& relative, int label, int64_t end, PictureTable& pictures);

  std::string root_;
  std::vector<Identity> above_;  // folders from the root to the current one
  Omissions omissions_;
  int64_t foldersWithImages_ = 0;
};

/// The .tar files of a folder that holds them and no images or folders; else none.
std::vector<std::string> shardsIn(const std::string& folder);

}  // namespace cv::mixmim
