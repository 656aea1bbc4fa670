// The answer to every picture of an evaluation, as a table for spreadsheets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "evaluation/measure.hpp"
#include "inputs/class_match.hpp"

namespace cv::mixmim {

/// Collects answers on their way to a measure, those to pictures without a label too. For one process alone.
class AnswerSheet : public Tally {
 public:
  /// `measure` must outlive the object.
  explicit AnswerSheet(Tally& measure) : measure_(measure) {}

  void add(const Batch& batch, const Answers& answers) final;
  void addOthers(World& world) final { measure_.addOthers(world); }

  /// Writes CSV, a line for every picture in the order of the data set. `source` has the model's classes. The
  /// path of a picture in an archive is ARCHIVE/NAME. Throws Error where AtomicFile does.
  void write(const std::string& path, const Source& source) const;

 private:
  virtual void collect(const Batch& batch, int slot, const float* scores, int classes) = 0;
  virtual std::string header(const std::vector<std::string>& labels) const = 0;            ///< behind "path,"
  virtual std::string line(size_t row, const std::vector<std::string>& labels) const = 0;  ///< the same

  Tally& measure_;
  std::vector<int64_t> samples_;
};

/// One class: path,label,answer,probability. Several labels: path,labels,answers, with "|" between labels,
/// and the probability of every label under its name.
std::unique_ptr<AnswerSheet> makeAnswerSheet(Tally& measure, Labelling labelling);

/// The labelled pictures of an evaluation, and what to do with them beside counting.
struct LabelledData {
  std::shared_ptr<const Source> source;
  std::string where;    ///< its name, for messages
  ClassMap map;         ///< see matchClasses
  std::string answers;  ///< the file of an AnswerSheet; "" = none
};

/// "text" as a field of CSV.
std::string csvField(const std::string& text);

}  // namespace cv::mixmim
