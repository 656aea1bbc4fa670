// Collects comparisons and prints a line per quantity.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/parity/conditions.hpp"

namespace cv::mixmim::parity {

/// A comparison needs what the golden files lack; the message says what that is.
class Lacking : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Counts of everything compared so far.
class Report {
 public:
  explicit Report(Conditions conditions = {}) : conditions_(std::move(conditions)) {}
  const Conditions& conditions() const { return conditions_; }

  void line(const std::string& text) const;
  void skipped(const std::string& quantity, const std::string& why);
  /// A comparison that could not be made.
  void failure(const std::string& quantity, const std::string& why);
  void finished(const std::string& quantity, int compared, int failed,
                const std::vector<std::string>& lacking);
  /// Prints the last line; true if nothing failed and something was compared.
  bool summary() const;

  /// A part of the comparison, skipped by name where it throws Lacking. Such a part looks up what it needs
  /// before it begins a Quantity, because a Quantity without numbers counts as failed.
  template <class Part>
  void part(const std::string& name, const Part& compare) {
    try {
      compare();
    } catch (const Lacking& lacking) {
      skipped(name, lacking.what());
    }
  }

 private:
  Conditions conditions_;
  int quantities_ = 0, comparisons_ = 0, failedQuantities_ = 0, skipped_ = 0, incomplete_ = 0;
};

/// One quantity: many numbers under one kind of tolerance. Prints its line when it goes out of scope, before
/// it a line for each number that is off (the first few), after it what the file has no numbers for.
class Quantity {
 public:
  Quantity(Report& report, std::string name) : report_(report), name_(std::move(name)) {}
  ~Quantity();
  Quantity(const Quantity&) = delete;
  Quantity& operator=(const Quantity&) = delete;

  const Tolerances& tolerances() const { return report_.conditions().tolerances(); }

  /// `tolerance` is the largest absolute difference allowed; `scale` is what the relative difference refers
  /// to. Without a number to compare with, as lacks().
  void add(const std::string& where, double got, std::optional<double> wanted, double tolerance,
           double scale);
  void addRelative(const std::string& where, double got, std::optional<double> wanted,
                   double relativeTolerance);
  /// Must be equal.
  void addExact(const std::string& where, double got, std::optional<double> wanted) {
    add(where, got, wanted, 0, 1);
  }
  /// The file has no number for this.
  void lacks(const std::string& where) { lacking_.push_back(where); }
  /// The file has numbers for what the model does not have: a failure.
  void unknown(const std::string& where);

 private:
  Report& report_;
  std::string name_, worst_;
  std::vector<std::string> lacking_;
  int compared_ = 0, failed_ = 0;
  double absolute_ = 0, relative_ = 0, ratio_ = -1, tolerance_ = 0;
};

}  // namespace cv::mixmim::parity
