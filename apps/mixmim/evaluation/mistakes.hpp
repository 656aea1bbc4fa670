// The answers of an evaluation that people should look at.
#pragma once

#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

/// A picture, the answer it got, and how sure the model was.
struct Mistake {
  int64_t sample = 0;  ///< index in the data set
  int label = 0, answer = 0;
  double probability = 0, labelProbability = 0;  ///< of the answer and of the true class, 0..1
  cv::Mat picture;                               ///< what the model saw, CV_8UC3, BGR
};

/// Collects mistakes while the pictures pass by, in memory for a few pictures. Equally probable ones keep
/// their order.
class Mistakes {
 public:
  static constexpr size_t kKept = 12;

  /// The answer to image `slot` of a batch, `classes` scores before softmax. Right answers, images without a
  /// label, and scores that are no numbers are passed over.
  void add(const Batch& batch, int slot, const float* scores, int classes);

  /// Gives every process of a run what one alone would have found, because the processes go through the
  /// pictures in the order of their ranks.
  void addOthers(World& world);

  /// Wrong answers, the one with the most probability first.
  const std::vector<Mistake>& mostConfident() const { return confident_; }
  /// The other wrong answers, the one that gives the true class the least probability first.
  std::vector<Mistake> hardest() const;

 private:
  void insert(const Mistake& mistake);

  std::vector<Mistake> confident_, hardest_;
};

}  // namespace cv::mixmim
