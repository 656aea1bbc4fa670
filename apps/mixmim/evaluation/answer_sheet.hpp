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
class AnswerSheet final : public Tally {
 public:
  /// `measure` must outlive the object.
  explicit AnswerSheet(Tally& measure) : measure_(measure) {}

  /// Reads classTargets and scores.
  void add(const Batch& batch, const Answers& answers) override;
  void addOthers(World& world) override { measure_.addOthers(world); }

  /// Writes CSV with the header path,label,answer,probability, in the order of the data set. `source` has
  /// the model's classes. The path of a picture in an archive is ARCHIVE/NAME. Throws Error where AtomicFile
  /// does.
  void write(const std::string& path, const Source& source) const;

 private:
  struct Row {
    int64_t sample;
    int label, answer;
    double probability;  ///< of the answer
  };

  Tally& measure_;
  std::vector<Row> rows_;
};

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
