#include "tokens/convolution_inputs.hpp"

namespace cv::mixmim {

std::vector<int32_t> convolutionInputs(const std::vector<int64_t>& results, int across,
                                       const MixedGrid& inputs, const std::vector<int64_t>& places,
                                       const ConvolutionWindow& window) {
  constexpr int32_t kNone = -1;
  std::vector<int32_t> list;
  list.reserve(results.size() * static_cast<size_t>(window.side * window.side));
  const auto seen = [&](int row, int column, bool partner) {
    if (!inputs.contains(row, column)) return kNone;
    const int64_t input = inputs.at(row, column);
    if (inputs.partner(input) != partner) return kNone;
    return static_cast<int32_t>(places.empty() ? input : places[static_cast<size_t>(input)]);
  };
  for (const int64_t result : results) {
    const int row = static_cast<int>(result / across) * window.step,
              column = static_cast<int>(result % across) * window.step;
    const bool partner = inputs.partner(inputs.at(row, column));
    for (int v = 0; v < window.side; ++v)
      for (int u = 0; u < window.side; ++u)
        list.push_back(seen(row + v - window.before, column + u - window.before, partner));
  }
  return list;
}

}  // namespace cv::mixmim
