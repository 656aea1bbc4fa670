// Features of the labelled images of a data set.
#pragma once

#include <opencv2/core.hpp>

#include "evaluation/measure.hpp"

namespace cv::mixmim {

/// Features of labelled images: N x D, CV_32F, and N x 1, CV_32S.
struct LabelledFeatures {
  cv::Mat features, labels;
};

/// Collects them as they pass by. Images without a label are passed over.
class FeatureTable final : public Tally {
 public:
  /// Reads classTargets and features.
  void add(const Batch& batch, const Answers& answers) override;
  void addOthers(World& world) override;
  const LabelledFeatures& rows() const { return rows_; }  ///< in the order of the data set

 private:
  LabelledFeatures rows_;
};

}  // namespace cv::mixmim
