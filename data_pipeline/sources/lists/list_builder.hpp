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

  /// A picture with any number of labels. If no picture of the list has more than one, they are its classes,
  /// as if add() had been called.
  void addSeveral(std::string_view path, const std::vector<std::string>& labels, const std::string& place);

  /// A picture and its label map.
  void addPair(std::string_view path, std::string_view mask, const std::string& place);

  /// Labels that exist although no picture may have them.
  void declare(const std::vector<std::string>& labels);

  void warn(const std::string& sentence) { files_.warnings.push_back(list_ + ": " + sentence); }

  /// Classes numbered by their texts (class_numbers.hpp).
  PictureFiles finish();

  /// Labels are `labelOfId` of the texts' order of appearance, classes `names`.
  PictureFiles finish(const ClassTexts::Numbers& numbers);

  /// Pairs, whose pixels have these classes.
  PictureFiles finishPairs(std::vector<std::string> classes);

  const ClassTexts& texts() const { return texts_; }

 private:
  /// The path as it is kept. Throws Error where add() says.
  std::string_view checked(std::string_view path, const std::string& place) const;
  bool isOneTooMany(int label);
  void dissolveSets();
  /// From numbers of texts to labels; how many pictures each label has.
  std::vector<int64_t> number(const std::vector<int>& labelOfId);
  std::vector<int64_t> numberSets(const std::vector<int>& labelOfId);
  void warnAboutRepeats();

  std::string list_;
  SourceOptions options_;
  PictureFiles files_;
  ClassTexts texts_;
  std::map<std::vector<int>, int> sets_;  // of addSeveral: numbers of texts -> label in the table
  bool several_ = false;                  // a picture has more than one label
  int64_t withoutClass_ = 0;
  std::map<int, int> used_;  // of each class
};

}  // namespace cv::mixmim
