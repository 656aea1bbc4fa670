// Steps whose loss or gradient was not finite: the trainer skips them; here they are counted, their images
// recorded, and a run that only skips is stopped.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "opencv2/mixmim/train/world.hpp"
#include "run/run_folder.hpp"

namespace cv::mixmim {

class NonFiniteSteps {
 public:
  /// `limit`: how many in a row are too many. Folder and source must outlive this object.
  NonFiniteSteps(RunFolder& folder, const Source& source, int limit,
                 std::shared_ptr<World> world = aloneInTheWorld());

  /// Keeps which images the batch holds; before the trainer gets it, every part of a step.
  void remember(const Batch& batch);

  /// For the report of every step, which may be of an earlier one than was just computed. A skipped step goes
  /// into nonfinite.jsonl with its images, those of other processes too, counted from 1 as in metrics.jsonl.
  /// Throws Error when `limit` of them came in a row.
  void check(const StepReport& report);

  int64_t count() const { return count_; }
  int inARow() const { return inARow_; }  ///< up to the newest report

 private:
  struct Images {
    int64_t step = 0;
    std::vector<int64_t> samples;
  };

  void record(const StepReport& report) const;

  RunFolder& folder_;
  const Source& source_;
  int limit_;
  std::shared_ptr<World> world_;
  int inARow_ = 0;
  int64_t count_ = 0;
  std::deque<Images> remembered_;  // of the newest steps
};

}  // namespace cv::mixmim
