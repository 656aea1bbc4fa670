#include "compute/pixel_kernels.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>

#include "compute/device.hpp"
#include "compute/parallel.hpp"
#include "compute/patches.hpp"
#include "compute/row_kernels.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kChannels = 3;

bool isPlain(const at::Tensor& x, at::ScalarType type) {
  return x.is_cpu() && x.scalar_type() == type && x.is_contiguous() && x.numel() > 0;
}

at::Tensor normalisePlainly(const at::Tensor& pixels) {
  const auto constant = [&](const float(&values)[kChannels]) {
    return toDevice(at::tensor(at::ArrayRef<float>(values, kChannels), at::kFloat), pixels.device());
  };
  return pixels.to(at::kFloat).div_(255).sub_(constant(kMean)).div_(constant(kStd));
}

/// The normalised value of every byte in every channel.
const std::array<float, 256 * kChannels>& numbersOfBytes() {
  static const std::array<float, 256 * kChannels> table = [] {
    std::array<float, 256 * kChannels> numbers{};
    const at::Tensor bytes =
        at::arange(256, at::kFloat).to(at::kByte).unsqueeze(1).expand({256, kChannels});  // every byte
    const at::Tensor values = normalisePlainly(bytes).contiguous();
    std::copy_n(values.const_data_ptr<float>(), numbers.size(), numbers.begin());
    return numbers;
  }();
  return table;
}

/// mean((predicted - targets)^2); the targets are overwritten with the differences.
struct MeanSquaredError : torch::autograd::Function<MeanSquaredError> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& predicted,
                            const at::Tensor& targets) {
    constexpr int64_t kPerPiece = 1 << 14;
    const int64_t count = predicted.numel(), pieces = (count + kPerPiece - 1) / kPerPiece;
    const at::Tensor sums = at::empty({pieces}, at::kDouble);
    const auto* from = predicted.const_data_ptr<float>();
    float* difference = targets.mutable_data_ptr<float>();
    parallelFor(pieces, [&](int64_t piece) {
      const int64_t first = piece * kPerPiece, end = std::min(count, first + kPerPiece);
      double sum = 0;
      for (int64_t i = first; i < end; ++i) {
        difference[i] = from[i] - difference[i];
        sum += static_cast<double>(difference[i]) * difference[i];
      }
      sums.mutable_data_ptr<double>()[piece] = sum;
    });
    context->saved_data["differences"] = targets;
    return (sums.sum() / count).to(at::kFloat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::Tensor differences = context->saved_data["differences"].toTensor();
    return {differences * (gradients[0] * 2 / differences.numel()), {}};
  }
};

}  // namespace

at::Tensor normalise(const at::Tensor& pixels) {
  if (!isPlain(pixels, at::kByte) || pixels.size(-1) != kChannels) return normalisePlainly(pixels);
  const at::Tensor numbers = at::empty(pixels.sizes(), at::kFloat);
  const float* table = numbersOfBytes().data();
  const uint8_t* from = pixels.const_data_ptr<uint8_t>();
  float* to = numbers.mutable_data_ptr<float>();
  constexpr int64_t kPerPiece = 8192;
  const int64_t count = pixels.numel() / kChannels;
  parallelFor((count + kPerPiece - 1) / kPerPiece, [&](int64_t piece) {
    const int64_t end = std::min(count, (piece + 1) * kPerPiece) * kChannels;
    for (int64_t i = piece * kPerPiece * kChannels; i < end; i += kChannels)
      for (int64_t c = 0; c < kChannels; ++c) to[i + c] = table[from[i + c] * kChannels + c];
  });
  return numbers;
}

at::Tensor patchRows(const at::Tensor& images, int64_t patch, const at::Tensor& order) {
  const int64_t batch = images.size(0), rows = images.size(1) / patch, columns = images.size(2) / patch;
  const int64_t width = kChannels * patch * patch, line = images.size(2) * kChannels;
  if (!isPlain(images, at::kFloat))
    return images.reshape({-1, rows, patch, columns, patch, kChannels})
        .permute({0, 1, 3, 5, 2, 4})
        .reshape({-1, rows * columns, width})
        .index_select(1, order);
  at::Tensor patches = at::empty({batch, order.size(0), width}, images.options());
  const auto* places = order.const_data_ptr<int64_t>();
  const auto* from = images.const_data_ptr<float>();
  float* to = patches.mutable_data_ptr<float>();
  constexpr int64_t kPerPiece = 256;
  const int64_t perImage = order.size(0), pieces = (perImage + kPerPiece - 1) / kPerPiece;
  parallelFor(batch * pieces, [&](int64_t piece) {
    const float* image = from + piece / pieces * images.size(1) * line;
    const int64_t first = piece % pieces * kPerPiece, end = std::min(perImage, first + kPerPiece);
    float* row = to + (piece / pieces * perImage + first) * width;
    for (int64_t k = first; k < end; ++k) {
      const float* corner =
          image + places[k] / columns * patch * line + places[k] % columns * patch * kChannels;
      for (int64_t c = 0; c < kChannels; ++c)
        for (int64_t y = 0; y < patch; ++y)
          for (int64_t x = 0; x < patch; ++x) *row++ = corner[y * line + x * kChannels + c];
    }
  });
  return patches;
}

at::Tensor hiddenTargets(const at::Tensor& mixed, int64_t stride, const at::Tensor& order, bool normalised) {
  const int64_t batch = mixed.size(0), across = mixed.size(2) / stride, rowOfCell = stride * kChannels;
  const int64_t width = stride * rowOfCell, line = mixed.size(2) * kChannels;
  if (!isPlain(mixed, at::kFloat) || width % kWidthMultiple != 0) {
    const at::Tensor patches = hiddenPatches(mixed, stride).index_select(1, order);
    if (!normalised) return patches;
    const PatchStatistics statistics = patchStatistics(patches);
    return (patches - statistics.mean) / statistics.deviation;
  }
  const at::Tensor rows = at::empty({batch, order.size(0), width}, mixed.options()),
                   ones = at::ones({width}, mixed.options()), zeros = at::zeros({width}, mixed.options());
  const auto* places = order.const_data_ptr<int64_t>();
  const auto* from = mixed.const_data_ptr<float>();
  float* to = rows.mutable_data_ptr<float>();
  parallelFor(batch * order.size(0), [&](int64_t i) {
    const int64_t place = places[i % order.size(0)], opposite = batch - 1 - i / order.size(0);
    const float* corner =
        from + (opposite * mixed.size(1) + place / across * stride) * line + place % across * rowOfCell;
    float* row = to + i * width;
    for (int64_t y = 0; y < stride; ++y) std::copy_n(corner + y * line, rowOfCell, row + y * rowOfCell);
    if (!normalised) return;
    float mean = 0, inverse = 0;
    NormRows norm{};
    norm.rows = 1;
    norm.width = width;
    norm.degrees = width - 1;
    norm.x = row;
    norm.gain = ones.const_data_ptr<float>();
    norm.bias = zeros.const_data_ptr<float>();
    norm.eps = static_cast<float>(kPatchEps);
    norm.out = row;
    norm.mean = &mean;
    norm.inverse = &inverse;
    rowKernels().norm(norm);
  });
  return rows;
}

at::Tensor meanSquaredError(const at::Tensor& predicted, const at::Tensor& targets) {
  if (!isPlain(predicted, at::kFloat) || !isPlain(targets, at::kFloat))
    return at::mse_loss(predicted.to(targets.scalar_type()), targets);
  return MeanSquaredError::apply(predicted, targets);
}

}  // namespace cv::mixmim
