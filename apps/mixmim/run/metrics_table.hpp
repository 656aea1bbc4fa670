// metrics.csv: the numbers of metrics.jsonl as a table.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace cv::mixmim {

/// The table always has the same columns; a cell is empty where a line of metrics has no such number.
class MetricsTable {
 public:
  explicit MetricsTable(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  std::string header() const;  ///< with the end of its line, as row()
  std::string row(const boost::json::object& metrics) const;

 private:
  std::vector<std::string> columns_;
};

}  // namespace cv::mixmim
