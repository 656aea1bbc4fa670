#include "model_io/files/npy_file.hpp"

#include <fmt/format.h>

#include "model_io/files/atomic_file.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// Signature, version, length of the dictionary, dictionary; filled up with spaces, so that the numbers start
/// at a multiple of 64.
std::string headerOf(int rows, int columns) {
  constexpr size_t kAlignment = 64;
  std::string header("\x93NUMPY\x01\x00\x00\x00", 10);
  header += fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  header.append(kAlignment - 1 - header.size() % kAlignment, ' ');
  header += '\n';
  const size_t length = header.size() - 10;
  header[8] = static_cast<char>(length % 256);
  header[9] = static_cast<char>(length / 256);
  return header;
}

}  // namespace

void writeNpy(const std::string& path, const cv::Mat& numbers) {
  if (numbers.dims != 2 || numbers.type() != CV_32F)
    throw Error(path, fmt::format("expected rows and columns of 32-bit floats, got {} dimensions of {}",
                                  numbers.dims, std::string(cv::typeToString(numbers.type()))));
  const cv::Mat whole = numbers.isContinuous() ? numbers : numbers.clone();
  AtomicFile file(path);
  file.write(headerOf(whole.rows, whole.cols));
  file.write(whole.data, whole.total() * whole.elemSize());
  file.commit();
}

}  // namespace cv::mixmim
