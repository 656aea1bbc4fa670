// Data sets whose images have labels and nothing else.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data_pipeline/source.hpp"

namespace cv::mixmim::test {

/// All but the labels. `classes`: how many have a name.
class NoPictures : public Source {
 public:
  explicit NoPictures(int classes) {
    for (int i = 0; i < classes; ++i) names_.push_back(std::to_string(i));
  }
  std::string path(int64_t) const override { return {}; }
  std::string name(int64_t) const override { return {}; }
  void read(int64_t, std::vector<uint8_t>& bytes) const override { bytes.clear(); }
  const std::vector<std::string>& labels() const override { return names_; }
  std::string fingerprint() const override { return {}; }

 private:
  std::vector<std::string> names_;
};

class LabelsOnly final : public NoPictures {
 public:
  explicit LabelsOnly(std::vector<int> labels, int classes = 0)
      : NoPictures(classes), labels_(std::move(labels)) {}
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  int label(int64_t index) const override { return labels_.at(static_cast<size_t>(index)); }

 private:
  std::vector<int> labels_;
};

/// Images with any number of labels.
class SetsOfLabels final : public NoPictures {
 public:
  SetsOfLabels(int classes, std::vector<std::vector<int>> sets)
      : NoPictures(classes), sets_(std::move(sets)) {}
  int64_t size() const override { return static_cast<int64_t>(sets_.size()); }
  int label(int64_t index) const override { return labelsOf(index).empty() ? -1 : labelsOf(index).front(); }
  bool hasSeveralLabels() const override { return true; }
  std::vector<int> labelsOf(int64_t index) const override { return sets_.at(static_cast<size_t>(index)); }

 private:
  std::vector<std::vector<int>> sets_;
};

inline std::shared_ptr<const Source> labelled(std::vector<int> labels) {
  return std::make_shared<LabelsOnly>(std::move(labels));
}

}  // namespace cv::mixmim::test
