#include "report/records/metrics.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <memory>
#include <optional>

#include "report/records/record_files.hpp"

namespace cv::mixmim::report {

namespace json = boost::json;

namespace {

constexpr const char* kDrawn[] = {
    "loss",     "lr",      "grad_norm", "images_per_second", "data_wait_percent", "val_top1",
    "val_top5", "val_map", "val_f1",    "val_loss"};
constexpr double kLargest = 1e15;  // what an axis can still name

class Reader {
 public:
  void line(std::string_view text) {
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) return;
    if (object(text))
      ++metrics_.lines;
    else
      ++metrics_.damaged;
  }

  Metrics take(int64_t tooLong) {
    metrics_.tooLong = tooLong;
    return std::move(metrics_);
  }

 private:
  /// Boost's own numbers, right to the last digit or the one before: enough for drawing, and fast.
  bool object(std::string_view text) {
    json::parse_options options;
    options.max_depth = 4;
    parser_.emplace(json::storage_ptr(), options, scratch_.data(), scratch_.size());
    memory_.release();
    parser_->reset(&memory_);
    boost::system::error_code error;
    parser_->write(text.data(), text.size(), error);
    if (error) return false;
    const json::value value = parser_->release();
    const json::object* line = value.if_object();
    return line && add(*line);
  }

  bool add(const json::object& line) {
    const auto step = number(line, "step");
    if (!step || *step < 0) return false;
    metrics_.step = *step;
    metrics_.epoch = number(line, "epoch").value_or(metrics_.epoch);
    for (const char* name : kDrawn)
      if (const auto y = number(line, name)) metrics_.curves[name].add({*step, *y});
    return true;
  }

  std::optional<double> number(const json::object& line, const char* name) {
    const json::value* value = line.if_contains(name);
    if (!value || !value->is_number()) return {};
    const double y = value->to_number<double>();
    if (std::abs(y) <= kLargest) return y;
    ++metrics_.outOfRange;
    return {};
  }

  Metrics metrics_;
  std::array<unsigned char, 4096> scratch_{};
  std::array<unsigned char, 1 << 16> values_{};
  json::monotonic_resource memory_{values_.data(), values_.size()};
  std::optional<json::parser> parser_;
};

}  // namespace

const Curve* Metrics::curve(const std::string& name) const {
  const auto found = curves.find(name);
  return found == curves.end() ? nullptr : &found->second;
}

Metrics readMetrics(std::istream& file) {
  const auto reader = std::make_unique<Reader>();  // too large for a stack
  const int64_t tooLong = forEachLine(file, [&](std::string_view text) { reader->line(text); });
  return reader->take(tooLong);
}

}  // namespace cv::mixmim::report
