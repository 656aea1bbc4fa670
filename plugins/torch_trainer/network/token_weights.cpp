#include "network/token_weights.hpp"

#include <vector>

namespace cv::mixmim {

at::Tensor rowByRow(const at::Tensor& weight) {
  return weight.permute({0, 2, 3, 1}).flatten(1);
}

at::Tensor overRuns(const at::Tensor& weight) {
  // An axis of 2^n is n axes of 2, from the highest bit of a place to the lowest; the quad-tree takes the
  // bits of row and column in turn.
  std::vector<int64_t> bits, shape{weight.size(0), weight.size(1)}, order{0};
  for (int64_t side = weight.size(2); side > 1; side /= 2) bits.push_back(2);
  shape.insert(shape.end(), bits.begin(), bits.end());
  shape.insert(shape.end(), bits.begin(), bits.end());
  const auto count = static_cast<int64_t>(bits.size());
  for (int64_t bit = 0; bit < count; ++bit) {
    order.push_back(2 + bit);
    order.push_back(2 + count + bit);
  }
  order.push_back(1);
  return weight.reshape(shape).permute(order).flatten(1);
}

at::Tensor runsOf(const at::Tensor& x, int64_t count) {
  return x.reshape({x.size(0), x.size(1) / count, count * x.size(2)});
}

at::Tensor productOver(const at::Tensor& rows, const Linear& convolution, WeightOrder order) {
  const at::Tensor& copy = convolution.rounded.weight;
  return linearLayer(rows, order(convolution.weight), convolution.bias, convolution.compute,
                     {copy.defined() ? order(copy) : copy, convolution.rounded.bias});
}

}  // namespace cv::mixmim
