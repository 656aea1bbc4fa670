#include "tests/parity/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim::parity {

namespace {

constexpr int kShown = 5;  // numbers of a quantity that are off, one line each

}  // namespace

void Report::line(const std::string& text) const {
  std::puts(text.c_str());
  std::fflush(stdout);
}

void Report::skipped(const std::string& quantity, const std::string& why) {
  ++skipped_;
  line(cv::format("%-58s skipped: %s", quantity.c_str(), why.c_str()));
}

void Report::failure(const std::string& quantity, const std::string& why) {
  ++quantities_;
  ++failedQuantities_;
  line(cv::format("%-58s FAILED: %s", quantity.c_str(), why.c_str()));
}

void Report::finished(const std::string& quantity, int compared, int failed,
                      const std::vector<std::string>& lacking) {
  if (compared == 0 && !lacking.empty())
    return skipped(quantity, "no numbers in the file for " + firstFew(lacking));
  if (compared == 0) return failure(quantity, "nothing to compare");
  ++quantities_;
  comparisons_ += compared;
  failedQuantities_ += failed > 0;
  incomplete_ += !lacking.empty();
  if (!lacking.empty())
    line(cv::format("%-58s incomplete: no numbers in the file for %s", quantity.c_str(),
                    firstFew(lacking).c_str()));
}

bool Report::summary() const {
  line(cv::format("%d quantities, %d numbers compared, %d failed, %d skipped, %d incomplete", quantities_,
                  comparisons_, failedQuantities_, skipped_, incomplete_));
  return failedQuantities_ == 0 && quantities_ > 0;
}

Quantity::~Quantity() {
  const std::string verdict = failed_ == 0 ? "ok" : cv::format("FAILED %d", failed_);
  const std::string worst = ratio_ > 0 ? "  worst: " + worst_ : "";
  if (compared_ > 0)
    report_.line(cv::format("%-58s %6d numbers  abs %.2e  rel %.2e  tolerance %.2e  %s%s", name_.c_str(),
                            compared_, absolute_, relative_, tolerance_, verdict.c_str(), worst.c_str()));
  report_.finished(name_, compared_, failed_, lacking_);
}

void Quantity::add(const std::string& where, double got, std::optional<double> wanted, double tolerance,
                   double scale) {
  if (!wanted) return lacks(where);
  const double difference = std::abs(got - *wanted);
  const bool ok = difference <= tolerance;  // false for NaN
  const double ratio = std::isnan(difference) ? HUGE_VAL
                       : tolerance > 0        ? difference / tolerance
                                              : (ok ? 0 : HUGE_VAL);
  ++compared_;
  absolute_ = std::max(absolute_, difference);
  if (scale > 0) relative_ = std::max(relative_, difference / scale);
  if (ratio > ratio_) {
    ratio_ = ratio;
    worst_ = where;
    tolerance_ = tolerance;
  }
  if (!ok && failed_++ < kShown)
    report_.line(cv::format("  %s: %s: got %.9g, expected %.9g, tolerance %.2e", name_.c_str(), where.c_str(),
                            got, *wanted, tolerance));
}

void Quantity::addRelative(const std::string& where, double got, std::optional<double> wanted,
                           double relativeTolerance) {
  const double scale = std::abs(wanted.value_or(0));
  add(where, got, wanted, relativeTolerance * scale, scale);
}

void Quantity::unknown(const std::string& where) {
  ++compared_;
  if (failed_++ < kShown)
    report_.line(cv::format("  %s: %s: in the file, not in the model", name_.c_str(), where.c_str()));
}

}  // namespace cv::mixmim::parity
