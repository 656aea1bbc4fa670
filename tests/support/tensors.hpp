// Comparing tensors to the last bit.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim::test {

inline std::string bytesOf(const Tensor& tensor) {
  return {tensor.as<char>(), tensor.bytes.total()};
}

/// Names, types, shapes and bytes.
inline void expectEqual(const TensorMap& read, const TensorMap& written) {
  ASSERT_EQ(read.size(), written.size());
  for (const auto& [name, tensor] : written) {
    ASSERT_EQ(read.count(name), 1u) << name;
    const Tensor& other = read.at(name);
    EXPECT_EQ(other.dtype, tensor.dtype) << name;
    EXPECT_EQ(other.shape, tensor.shape) << name;
    EXPECT_TRUE(bytesOf(other) == bytesOf(tensor)) << name;
  }
}

}  // namespace cv::mixmim::test
