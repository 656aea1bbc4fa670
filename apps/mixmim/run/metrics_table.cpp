#include "run/metrics_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim {

std::string MetricsTable::header() const {
  return fmt::format("{}\n", fmt::join(columns_, ","));
}

std::string MetricsTable::row(const boost::json::object& metrics) const {
  std::vector<std::string> cells;
  for (const std::string& column : columns_) {
    const boost::json::value* value = metrics.if_contains(column);
    cells.push_back(value && !value->is_null() ? jsonText(*value) : "");
  }
  return fmt::format("{}\n", fmt::join(cells, ","));
}

}  // namespace cv::mixmim
