// The constants of an exported file, read without trust.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Throws Error naming the file and the constant for anything that is not as expected.
class Constants {
 public:
  using Shape = std::vector<int64_t>;

  /// Both must outlive it. `where` names the file in messages.
  Constants(const TensorMap& tensors, const std::string& where) : tensors_(tensors), where_(where) {}

  bool has(const std::string& name) const { return tensors_.count(name) == 1; }

  /// How many names end with `end`.
  int countOf(const std::string& end) const;

  /// float32, with at least one dimension.
  const Tensor& tensor(const std::string& name) const;

  /// A constant whose last dimension is the columns (a vector: one column). Shares the constant's memory.
  cv::Mat matrix(const std::string& name, const Shape& expected) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  const TensorMap& tensors_;
  const std::string& where_;
};

}  // namespace cv::mixmim
