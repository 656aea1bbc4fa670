// A data set whose images have labels and nothing else.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data_pipeline/source.hpp"

namespace cv::mixmim::test {

class LabelsOnly final : public Source {
 public:
  explicit LabelsOnly(std::vector<int> labels) : labels_(std::move(labels)) {}
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  int label(int64_t index) const override { return labels_.at(static_cast<size_t>(index)); }
  std::string path(int64_t) const override { return {}; }
  std::string name(int64_t) const override { return {}; }
  void read(int64_t, std::vector<uint8_t>& bytes) const override { bytes.clear(); }
  const std::vector<std::string>& labels() const override { return names_; }
  std::string fingerprint() const override { return {}; }

 private:
  std::vector<int> labels_;
  std::vector<std::string> names_;
};

inline std::shared_ptr<const Source> labelled(std::vector<int> labels) {
  return std::make_shared<LabelsOnly>(std::move(labels));
}

}  // namespace cv::mixmim::test
