// Multi-label classification: which labels of a picture are named, and how well scores rank pictures.
#pragma once

#include <string>
#include <vector>

#include "evaluation/measure.hpp"

namespace cv::mixmim {

/// Average precision of a ranking: the mean, over all pictures that have the label, of the precision among
/// the pictures that score at least as much. Equal scores share a place, and NaN scores least. 0 where no
/// picture has the label. Source: sklearn.metrics.average_precision_score.
double averagePrecision(const std::vector<float>& scores, const std::vector<bool>& hasLabel);

/// A label is answered where its score is above 0, which is a probability above one half. Gives the mean
/// average precision over the labels that some picture has (mAP); F1 of all answers together (micro); the
/// share of pictures whose labels are answered exactly; the mean binary cross entropy; and average precision,
/// precision, recall and F1 of every label.
class MultiLabel final : public Measure {
 public:
  explicit MultiLabel(std::vector<std::string> labels);

  /// Reads labelTargets and scores. Throws Error where there is not one score per label.
  void add(const Batch& batch, const Answers& answers) override;
  void addOthers(World& world) override;
  Measured result() const override;

 private:
  size_t labels() const { return names_.size(); }
  size_t images() const { return scores_.size() / labels(); }
  MeasuredClass resultOf(size_t label) const;

  std::vector<std::string> names_;
  std::vector<float> scores_;  // a row per image, in the order of the data set
  std::vector<uchar> truth_;   // the same: 1 = has the label
};

}  // namespace cv::mixmim
