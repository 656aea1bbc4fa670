// How good answers are: one implementation per task.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluation/measured.hpp"
#include "opencv2/mixmim/answers.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

/// Looks at answers while they pass by, batch by batch in the order of the data set.
class Tally {
 public:
  virtual ~Tally() = default;

  /// The answers to the `batch.count` images of a batch, and their targets. Every image comes once. A batch
  /// without pixels is judged like any other.
  virtual void add(const Batch& batch, const Answers& answers) = 0;
  /// After the last batch: adds what the other processes have seen, which went through the data set in the
  /// order of their ranks. All then hold what one alone would hold, to the last bit.
  virtual void addOthers(World& world) = 0;
};

/// A tally that judges.
class Measure : public Tally {
 public:
  /// The judgement of everything added so far, even if that is nothing.
  virtual Measured result() const = 0;
};

/// The measure of a task; null for pretraining, whose answers have no targets. `labelling` counts in
/// fine-tuning. `labels`: the model's classes.
std::unique_ptr<Measure> makeMeasure(Task task, Labelling labelling, std::vector<std::string> labels);

/// The name in files of the number that decides which of two classifiers is better: "top1", or "map" for
/// several labels.
const char* headlineName(Labelling labelling);

}  // namespace cv::mixmim
