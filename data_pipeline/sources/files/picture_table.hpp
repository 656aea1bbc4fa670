#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

/// Names and labels of pictures, in little memory.
class PictureTable {
 public:
  /// `folder` and `name` together are the name.
  void add(std::string_view folder, std::string_view name, int label) {
    names_.append(folder).append(name);
    ends_.push_back(names_.size());
    labels_.push_back(label);
  }
  int64_t size() const { return static_cast<int64_t>(labels_.size()); }
  int label(int64_t index) const { return labels_.at(static_cast<size_t>(index)); }
  void setLabel(int64_t index, int label) { labels_.at(static_cast<size_t>(index)) = label; }

  std::string_view name(int64_t index) const {
    const size_t i = static_cast<size_t>(index), end = ends_.at(i), begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(names_).substr(begin, end - begin);
  }

 private:
  std::string names_;  // one after the other: a million strings would cost three times as much
  std::vector<size_t> ends_;
  std::vector<int32_t> labels_;
};

}  // namespace cv::mixmim
