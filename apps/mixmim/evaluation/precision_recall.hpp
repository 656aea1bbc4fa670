// Precision, recall and F1, of a class or of all answers together, and their means over classes.
#pragma once

#include <functional>
#include <vector>

#include "evaluation/measured.hpp"

namespace cv::mixmim {

/// part / whole, 0 where there is no whole.
double ratio(double part, double whole);

/// Answers of one kind: how many are right, how many were given, and how often one should have been.
struct AnswerCounts {
  double right = 0, answered = 0, present = 0;

  double f1() const { return ratio(2 * right, answered + present); }
  /// Precision, recall and their harmonic mean.
  std::vector<NamedNumber> numbers() const;
};

/// The mean over the classes that have images, because a data set may have only some of the model's.
double meanOf(const std::vector<MeasuredClass>& classes,
              const std::function<double(const MeasuredClass&)>& number);

/// Such means of every number in `more`, which are those of AnswerCounts.
std::vector<NamedNumber> macroOf(const std::vector<MeasuredClass>& classes);

}  // namespace cv::mixmim
