// .npy files read back without the writer's code.
#pragma once

#include <cstdio>
#include <cstring>
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
  int rows = 0, columns = 0, end = 0;
  std::sscanf(dictionary.c_str(), "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }%n", &rows,
              &columns, &end);
  if (end == 0 || dictionary.find_first_not_of(' ', static_cast<size_t>(end)) != std::string::npos)
    throw std::runtime_error("dictionary: " + dictionary);
  cv::Mat numbers(rows, columns, CV_32F);
  if (bytes.size() - start != numbers.total() * sizeof(float)) throw std::runtime_error("another size");
  if (!numbers.empty()) std::memcpy(numbers.data, bytes.data() + start, bytes.size() - start);
  return numbers;
}

}  // namespace cv::mixmim::test
