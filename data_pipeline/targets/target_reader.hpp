// The targets of a batch, which its answers should equal: one implementation per kind of target.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data_pipeline/source.hpp"
#include "data_pipeline/view.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The target of one image, a member for each kind. As made, it says nothing about its image.
struct Target {
  int label = -1;           ///< class of the whole image; -1 = unknown
  std::vector<int> labels;  ///< all labels of the whole image
};

/// Brings the targets of images to their slots. Threads: everything is const and may be called concurrently
/// for different slots. Errors: Error, whose reason makes the image a bad one.
class TargetReader {
 public:
  virtual ~TargetReader() = default;

  /// Memory for the targets of `batch`, whose images are allocated. Every slot says nothing.
  virtual void allocate(Batch& batch) const = 0;
  /// The target of image `index` of the source.
  virtual Target read(int64_t index) const = 0;
  /// Writes the target into a slot, as `view` shows its image.
  virtual void place(const Target& target, const View& view, Batch& batch, int slot) const = 0;
  /// The target of slot `from` goes to slot `to`.
  virtual void move(Batch& batch, int from, int to) const = 0;
};

/// The targets of a model: `labelling` counts in fine-tuning.
std::unique_ptr<TargetReader> makeTargetReader(Task task, Labelling labelling,
                                               std::shared_ptr<const Source> source);

}  // namespace cv::mixmim
