// Classification: how often the right class is named.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "evaluation/measure.hpp"
#include "evaluation/mistakes.hpp"

namespace cv::mixmim {

/// Tells right from wrong as answers.hpp does, and gives top-1, top-5, the mean cross entropy, precision,
/// recall and F1 of every class, and the mistakes worth looking at. Images without a label do not count.
class Accuracy final : public Measure {
 public:
  explicit Accuracy(std::vector<std::string> labels);

  /// Reads classTargets and scores. Throws Error where there is not one score per label.
  void add(const Batch& batch, const Answers& answers) override;
  void addOthers(World& world) override;
  Measured result() const override;

 private:
  void count(const float* scores, int label, int64_t step);
  void shareCounts(World& world);
  void shareLosses(World& world);
  int classes() const { return confusion_.rows; }

  std::vector<std::string> labels_;
  double top1_ = 0, top5_ = 0;
  /// Sums by batch, which are then added up in the order of the batches, because it must not matter who
  /// computed which.
  std::map<int64_t, double> losses_;
  cv::Mat confusion_;
  Mistakes mistakes_;
};

}  // namespace cv::mixmim
