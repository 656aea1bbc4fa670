// Segmentation: how well the regions of answers cover those of the truth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/measured.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

/// One confusion matrix of pixels over a whole data set, each picture at its own size: never a mean over
/// pictures. Gives the mean intersection over union (mIoU) and the mean accuracy (mAcc) over the classes that
/// have them, the share of all pixels that are right (aAcc), and both numbers of every class. Pixels whose
/// truth is ignored (255) do not count.
///
/// A class that neither truth nor answers hold has no IoU, and one that the truth does not hold has no
/// accuracy: they are NaN there, and the means leave them out.
class MeanIou {
 public:
  explicit MeanIou(std::vector<std::string> labels);

  /// One picture: `truth` and `answer` CV_8U, of one size. Throws Error for other sizes, and for a label that
  /// is no class, except an ignored truth and an answer to it.
  void add(const cv::Mat& truth, const cv::Mat& answer);
  /// Adds what the other processes have seen. All then hold what one alone would hold.
  void addOthers(World& world);
  /// The judgement of everything added so far, even if that is nothing. Where counts are too large for the
  /// confusion matrix of a Measured, all of them are halved until they fit.
  Measured result() const;

 private:
  size_t classes() const { return labels_.size(); }
  int64_t& count(size_t truth, size_t answer) { return confusion_[truth * classes() + answer]; }
  int64_t count(size_t truth, size_t answer) const { return confusion_[truth * classes() + answer]; }
  void checkPairs() const;
  void addRow(size_t truth, const uint32_t* answers);
  MeasuredClass resultOf(size_t label) const;
  cv::Mat confusion() const;

  std::vector<std::string> labels_;
  std::vector<int64_t> confusion_;        // of pixels; a row for each true class
  std::vector<int64_t> picturesOfClass_;  // whose truth holds it
  int64_t pictures_ = 0;
  std::vector<uint32_t> pairs_;  // of one picture: truth * 256 + answer
};

}  // namespace cv::mixmim
