// .npy files read back with nothing of the writer.
#pragma once

#include <cstring>
#include <regex>
#include <stdexcept>
#include <string>

#include <opencv2/core.hpp>

namespace cv::mixmim::test {

/// The numbers of a version 1.0 file of float32 rows, which must be laid out as the format asks.
inline cv::Mat npyOf(const std::string& bytes) {
  if (bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0)
    throw std::runtime_error("no .npy of version 1.0");
  const size_t start = 10 + static_cast<uint8_t>(bytes.at(8)) + 256 * static_cast<uint8_t>(bytes.at(9));
  if (start % 64 != 0 || bytes.at(start - 1) != '\n')
    throw std::runtime_error("numbers do not start aligned");
  const std::string dictionary = bytes.substr(10, start - 11);
  static const std::regex expected(
      R"(\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *)");
  std::smatch sizes;
  if (!std::regex_match(dictionary, sizes, expected)) throw std::runtime_error("dictionary: " + dictionary);
  cv::Mat numbers(std::stoi(sizes[1]), std::stoi(sizes[2]), CV_32F);
  if (bytes.size() - start != numbers.total() * sizeof(float)) throw std::runtime_error("another size");
  if (!numbers.empty()) std::memcpy(numbers.data, bytes.data() + start, bytes.size() - start);
  return numbers;
}

}  // namespace cv::mixmim::test
