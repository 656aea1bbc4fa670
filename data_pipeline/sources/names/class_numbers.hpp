// From what data sets write beside their pictures to class numbers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cv::mixmim {

constexpr int kMostClasses = 1000000;

/// Whether `text` is a class number as people write it: 0 to 999999, without zeros before it.
bool isClassNumber(std::string_view text);

/// The classes of a set, collected while it is read.
class ClassTexts {
 public:
  /// A number for this text, the same for the same text; -1 for "". Throws Error for more than kMostClasses,
  /// with the file that is read.
  int idOf(const std::string& text, const std::string& file);

  struct Numbers {
    std::vector<int> labelOfId;
    std::vector<std::string> names;
    bool numbered = false;  ///< the texts are numbers, and so are the names
  };

  /// If all texts are numbers, they are the labels; else their ranks are, sorted bytewise. Numbers above
  /// 100,000 of which fewer than one in a hundred is there are names of something and no labels.
  Numbers finish() const;

  /// The texts, all of which are numbers, as labels.
  std::vector<int> asLabels() const;

 private:
  int classesByNumber() const;  ///< 0 where the texts are names

  std::unordered_map<std::string, int> ids_;
};

/// Names for `classes` numbered classes out of the folders that their pictures lie in, as far as each folder
/// belongs to one class and each class to one folder: the first folder behind those that all names share, or
/// else all behind them. Without such folders the names are the numbers.
std::vector<std::string> namesOfNumbers(int classes, int64_t pictures,
                                        const std::function<std::string_view(int64_t)>& name,
                                        const std::function<int(int64_t)>& label);

/// How many characters at the beginning of all names, "./" not counted, are folders that they share, at least
/// one folder left to each: 6 for "train/red/1.jpg", "./train/blue/2.jpg".
size_t sharedFolders(int64_t pictures, const std::function<std::string_view(int64_t)>& name);

/// The name without "./" before it.
std::string_view withoutDot(std::string_view name);

/// The first folder of a name, without "./" before it; "" if there is none.
std::string_view firstFolder(std::string_view name);

}  // namespace cv::mixmim
