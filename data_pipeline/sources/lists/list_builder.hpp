#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sources/files/file_source.hpp"
#include "sources/names/class_numbers.hpp"

namespace cv::mixmim {

/// From the entries of a list to the pictures of a source: the same for every format of list.
class ListBuilder {
 public:
  ListBuilder(std::string list, const SourceOptions& options) : list_(std::move(list)), options_(options) {}

  /// `place` is the entry's own, for errors. Throws Error for a path that is empty, too long or not UTF-8.
  void add(std::string_view path, const std::string& label, const std::string& place);

  void warn(const std::string& sentence) { files_.warnings.push_back(list_ + ": " + sentence); }

  /// Classes numbered by their texts (class_numbers.hpp).
  PictureFiles finish();

  /// Labels are `labelOfId` of the texts' order of appearance, classes `names`.
  PictureFiles finish(const ClassTexts::Numbers& numbers);

  const ClassTexts& texts() const { return texts_; }

 private:
  void warnAboutRepeats();

  std::string list_;
  SourceOptions options_;
  PictureFiles files_;
  ClassTexts texts_;
  int64_t withoutClass_ = 0;
  std::map<int, int> used_;  // of each class
};

}  // namespace cv::mixmim
