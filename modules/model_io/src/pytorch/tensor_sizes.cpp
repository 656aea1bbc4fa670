#include "pytorch/tensor_sizes.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

int TensorSizes::at(const std::string& name, size_t dimension, size_t rank) const {
  const auto found = shapes_.find(name);
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  const bool fits = found != shapes_.end() && found->second.size() == rank && found->second[dimension] > 0 &&
                    found->second[dimension] <= kMost;
  if (!fits)
    fail(fmt::format("which model it holds: expected a tensor {} of {} dimensions, got {}", name, rank,
                     found == shapes_.end() ? "none" : fmt::format("[{}]", fmt::join(found->second, ", "))),
         "pretrain and finetune can be told with --model");
  return static_cast<int>(found->second[dimension]);
}

int TensorSizes::rootAt(const std::string& name, size_t dimension, size_t rank) const {
  return static_cast<int>(std::lround(std::sqrt(at(name, dimension, rank))));
}

void TensorSizes::fail(const std::string& what, const std::string& told) const {
  throw Error(where_, "does not say " + what, told);
}

}  // namespace cv::mixmim
