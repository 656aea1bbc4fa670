#include "network/mlp.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "compute/parallel.hpp"
#include "compute/row_kernels.hpp"
#include "network/convolved_mlp.hpp"

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Few parts, however many rows, because each has gradients of the size of the weights.
RowParts fewParts(int64_t rows) {
  constexpr int64_t kLeast = 128, kMost = 32;
  const int64_t count = std::clamp<int64_t>(rows / kLeast, 1, kMost);
  return {rows, (rows + count - 1) / count};
}

struct NarrowMlp : torch::autograd::Function<NarrowMlp> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& firstWeight,
                            const at::Tensor& firstBias, const at::Tensor& secondWeight,
                            const at::Tensor& secondBias) {
    const at::Tensor out = at::empty_like(x), first = packedRightSide(firstWeight, true),
                     second = packedRightSide(secondWeight, true);
    const int64_t width = x.size(-1);
    fewParts(x.numel() / width).forEach([&](int64_t, int64_t row, int64_t count) {
      MlpRows rows{};
      rows.rows = count;
      rows.width = width;
      rows.hidden = firstWeight.size(0);
      rows.x = x.const_data_ptr<float>() + row * width;
      rows.first = first.const_data_ptr<float>();
      rows.firstBias = firstBias.const_data_ptr<float>();
      rows.second = second.const_data_ptr<float>();
      rows.secondBias = secondBias.const_data_ptr<float>();
      rows.out = out.data_ptr<float>() + row * width;
      rowKernels().mlp(rows, scratch());
    });
    context->save_for_backward({x, firstWeight, firstBias, secondWeight});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &firstWeight = saved[1], &firstBias = saved[2], &secondWeight = saved[3];
    const at::Tensor out = gradients[0].contiguous(), xGradient = at::empty_like(x);
    const at::Tensor first = packedRightSide(firstWeight, true),
                     firstBack = packedRightSide(firstWeight, false),
                     secondBack = packedRightSide(secondWeight, false);
    const int64_t width = x.size(-1), hidden = firstWeight.size(0);
    const RowParts parts = fewParts(x.numel() / width);
    const at::Tensor firstWeights = at::empty({parts.count, hidden, width}, x.options()),
                     firstBiases = at::empty({parts.count, hidden}, x.options()),
                     secondWeights = at::empty({parts.count, width, hidden}, x.options()),
                     secondBiases = at::empty({parts.count, width}, x.options());
    parts.forEach([&](int64_t part, int64_t row, int64_t count) {
      MlpGradient gradient{};
      gradient.rows = count;
      gradient.width = width;
      gradient.hidden = hidden;
      gradient.x = x.const_data_ptr<float>() + row * width;
      gradient.out = out.const_data_ptr<float>() + row * width;
      gradient.first = first.const_data_ptr<float>();
      gradient.firstBias = firstBias.const_data_ptr<float>();
      gradient.firstBack = firstBack.const_data_ptr<float>();
      gradient.secondBack = secondBack.const_data_ptr<float>();
      gradient.xGradient = xGradient.data_ptr<float>() + row * width;
      gradient.firstWeights = firstWeights.data_ptr<float>() + part * hidden * width;
      gradient.firstBiases = firstBiases.data_ptr<float>() + part * hidden;
      gradient.secondWeights = secondWeights.data_ptr<float>() + part * hidden * width;
      gradient.secondBiases = secondBiases.data_ptr<float>() + part * width;
      rowKernels().mlpBackward(gradient, scratch());
    });
    return {xGradient, firstWeights.sum(0), firstBiases.sum(0), secondWeights.sum(0), secondBiases.sum(0)};
  }
};

bool isNarrow(const at::Tensor& x, const LinearParameters& first) {
  return rowKernelsCan(x) && first.weight.numel() <= kNarrowMatrix &&
         first.weight.size(0) % kWidthMultiple == 0;
}

}  // namespace

at::Tensor mlp(const at::Tensor& x, const LinearParameters& first, const LinearParameters& second,
               at::ScalarType compute) {
  if (compute == at::kFloat && isNarrow(x, first))
    return NarrowMlp::apply(x.contiguous(), first.weight, first.bias, second.weight, second.bias);
  return geluLinear(linearLayer(x, first.weight, first.bias, compute, first.rounded), second.weight,
                    second.bias, compute, second.rounded);
}

Mlp::Mlp(const Weights& weights, const std::string& name, bool convolved)
    : fc1_(weights, name + ".fc1"), fc2_(weights, name + ".fc2") {
  if (convolved) convolution_.emplace(weights, name + ".dwconv.dwconv");
}

at::Tensor Mlp::operator()(const at::Tensor& x, const at::Tensor& neighbours) const {
  const LinearParameters first{fc1_.weight, *fc1_.bias, fc1_.rounded},
      second{fc2_.weight, *fc2_.bias, fc2_.rounded};
  if (convolution_)
    return convolvedMlp(x, first, {convolution_->weight, convolution_->bias}, neighbours, second,
                        fc1_.compute);
  return mlp(x, first, second, fc1_.compute);
}

}  // namespace cv::mixmim
