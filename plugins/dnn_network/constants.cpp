#include "constants.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

int Constants::countOf(const std::string& end) const {
  return static_cast<int>(std::count_if(tensors_.begin(), tensors_.end(),
                                        [&](const auto& entry) { return endsWith(entry.first, end); }));
}

const Tensor& Constants::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail(fmt::format("expected the constant \"{}\", got none", name));
  if (found->second.dtype != DType::kF32 || found->second.shape.empty())
    fail(fmt::format("the constant \"{}\", expected an array of float32, got another type", name));
  return found->second;
}

cv::Mat Constants::matrix(const std::string& name, const Shape& expected) const {
  const Tensor& found = tensor(name);
  if (found.shape != expected)
    fail(fmt::format("the constant \"{}\", expected {} numbers, got {}", name, fmt::join(expected, " x "),
                     fmt::join(found.shape, " x ")));
  const int columns = expected.size() == 1 ? 1 : static_cast<int>(expected.back());
  return {static_cast<int>(found.elements()) / columns, columns, CV_32F, found.bytes.data};
}

void Constants::fail(const std::string& what) const {
  throw Error(where_, what,
              "turn the fused layers off (ClassifierOptions::fusedLayers), or export the model anew");
}

}  // namespace cv::mixmim
