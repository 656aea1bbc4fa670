// Files of a data set that are not used: counted by kind, so that nothing is lost without a word.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cv::mixmim {

enum class Omission {
  kHidden,         ///< names that begin with a dot
  kSystem,         ///< names that operating systems leave: __MACOSX, Thumbs.db
  kOtherFile,      ///< files whose ending is no picture's that is read here; named by it
  kLink,           ///< links that are not followed; named by why
  kBesideClasses,  ///< pictures that lie beside the class folders, where classes are needed
  kWithoutClass,   ///< pictures without a class in a set where others have one, where classes are needed
  kMaskAlone,      ///< label maps without a picture
};
constexpr size_t kOmissions = 7;

/// Counts what was passed over when a data set was opened. Memory is bounded, whatever the names are.
class Omissions {
 public:
  struct Kind {
    const char* key = "";  ///< for JSON: "other_files"
    int64_t count = 0;
    std::map<std::string, int64_t> names;  ///< with how often each was met; empty where names say nothing
  };

  void add(Omission kind, const std::string& name = {}, int64_t count = 1);
  int64_t count(Omission kind) const { return kinds_[static_cast<size_t>(kind)].count; }

  /// The kinds that were met, in the order of Omission.
  std::vector<Kind> list() const;

  /// ".heic 10, .txt 2": the names of a kind, the most frequent first.
  std::string namesText(Omission kind) const;

  /// "1 hidden file or folder, 12 files that are not read here (.heic 10, .txt 2)"; "" if there is nothing.
  std::string text() const;

  void add(const Omissions& others);

 private:
  std::array<Kind, kOmissions> kinds_;
};

}  // namespace cv::mixmim
