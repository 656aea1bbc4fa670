// Tasks that can hardly be meant: sentences that begin with the data set's name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cv::mixmim {

/// The class folders of a tree, and how many of them hold their images in folders again; how many these are.
struct ClassFolders {
  const std::string& root;
  const std::vector<std::string>& classes;
  int64_t withFolders = 0, foldersInside = 0;
};

/// "d: its classes are called train and val, like the parts of one data set; did you mean d/train?"; "" where
/// nothing looks like a mistake.
std::string warningOfFolders(const ClassFolders& folders);

/// "d: its folders are called train, val, like the parts of one data set; did you mean d/train?" of
/// folders that are no classes; "" where they do not look so.
std::string warningOfParts(const std::string& where, const std::vector<std::string>& folders);

/// The first half of it, for sets that are no folders.
std::string warningOfNames(const std::string& where, const std::vector<std::string>& classes);

/// "t.tar: no picture has the class 0" and the like, from the number of pictures of each class.
std::vector<std::string> warningsOfCounts(const std::string& where, const std::vector<std::string>& classes,
                                          const std::vector<int64_t>& pictures);

}  // namespace cv::mixmim
