// Collects comparisons and prints a line per quantity.
#pragma once

#include <string>

namespace cv::mixmim::parity {

/// Counts of everything compared so far.
class Report {
 public:
  void line(const std::string& text) const;
  void skipped(const std::string& quantity, const std::string& why);
  void finished(const std::string& quantity, int compared, int failed);
  /// Prints the last line; true if nothing failed and something was compared.
  bool summary() const;

 private:
  int quantities_ = 0, comparisons_ = 0, failedQuantities_ = 0, skipped_ = 0;
};

/// One quantity: many numbers under one kind of tolerance. Prints its line when it goes out of scope, and
/// before it a line for each number that is off (the first few).
class Quantity {
 public:
  Quantity(Report& report, std::string name) : report_(report), name_(std::move(name)) {}
  ~Quantity();
  Quantity(const Quantity&) = delete;
  Quantity& operator=(const Quantity&) = delete;

  /// `tolerance` is the largest absolute difference allowed; `scale` is what the relative difference refers
  /// to.
  void add(const std::string& where, double got, double wanted, double tolerance, double scale);
  void addRelative(const std::string& where, double got, double wanted, double relativeTolerance);
  /// Must be equal.
  void addExact(const std::string& where, double got, double wanted) { add(where, got, wanted, 0, 1); }

 private:
  Report& report_;
  std::string name_, worst_;
  int compared_ = 0, failed_ = 0;
  double absolute_ = 0, relative_ = 0, ratio_ = -1, tolerance_ = 0;
};

}  // namespace cv::mixmim::parity
