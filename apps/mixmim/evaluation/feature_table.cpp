#include "evaluation/feature_table.hpp"

#include <string>
#include <vector>

namespace cv::mixmim {

namespace {

std::string bytesOf(const cv::Mat& rows) {
  return {reinterpret_cast<const char*>(rows.data), rows.total() * rows.elemSize()};
}

/// The same bytes as `rows` rows again; they stay where they are.
cv::Mat rowsFrom(const std::string& bytes, int rows, int type) {
  const auto columns = static_cast<int>(bytes.size() / CV_ELEM_SIZE(type)) / rows;
  return {rows, columns, type, const_cast<char*>(bytes.data())};
}

}  // namespace

void FeatureTable::add(const Batch& batch, const Answers& answers) {
  for (int slot = 0; slot < batch.count; ++slot) {
    const int label = batch.classTargets.at<int>(slot);
    if (label < 0) continue;
    rows_.features.push_back(answers.features.row(slot));
    rows_.labels.push_back(label);
  }
}

void FeatureTable::addOthers(World& world) {
  if (world.size() == 1) return;
  const std::vector<std::string> features = world.gather(bytesOf(rows_.features)),
                                 labels = world.gather(bytesOf(rows_.labels));
  rows_ = {};
  for (size_t rank = 0; rank < labels.size(); ++rank) {
    const int rows = static_cast<int>(labels[rank].size() / sizeof(int));
    if (rows == 0) continue;
    rows_.features.push_back(rowsFrom(features[rank], rows, CV_32F));
    rows_.labels.push_back(rowsFrom(labels[rank], rows, CV_32S));
  }
}

}  // namespace cv::mixmim
