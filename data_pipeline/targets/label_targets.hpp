// Multi-label classification: all labels of a whole image, wherever the view looks.
#pragma once

#include "targets/target_reader.hpp"

namespace cv::mixmim {

/// Fills Batch::labelTargets from Source::labelsOf.
class LabelTargets final : public TargetReader {
 public:
  explicit LabelTargets(std::shared_ptr<const Source> source);

  void allocate(Batch& batch) const override;
  Target read(int64_t index) const override;
  void place(const Target& target, const View& view, Batch& batch, int slot) const override;
  void move(Batch& batch, int from, int to) const override;

 private:
  std::shared_ptr<const Source> source_;
};

}  // namespace cv::mixmim
