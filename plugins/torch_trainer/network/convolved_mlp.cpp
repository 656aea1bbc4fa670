#include "network/convolved_mlp.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include "compute/convolution_kernels.hpp"
#include "compute/row_kernels.hpp"
#include "network/depthwise.hpp"

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Everything behind the first product, in float32. The products inside keep nothing, because a function of
/// autograd runs without it.
struct ConvolvedGeluLinear : torch::autograd::Function<ConvolvedGeluLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const at::Tensor& rows, const at::Tensor& secondWeight,
                            const at::Tensor& secondBias) {
    context->save_for_backward({x, weight, bias, rows, secondWeight});
    const at::Tensor hidden = convolvedGelu(x, tapsFor(x, weight), bias, rows);
    return linearLayer(hidden, secondWeight, secondBias, at::kFloat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &rows = saved[3],
                     &secondWeight = saved[4];
    const at::Tensor out = gradients[0].contiguous(), taps = tapsFor(x, weight);
    at::Tensor inner = linearLayer(out, secondWeight.t(), std::nullopt, at::kFloat).contiguous();
    const at::Tensor hidden = convolvedGeluBackward(x, taps, bias, rows, inner);
    const LinearGradient second = linearGradient(hidden.flatten(0, 1), out.flatten(0, 1), at::kFloat);
    const ConvolutionGradient first = convolutionGradient(x, taps, rows, inner);
    return {first.x, first.taps.t().reshape(weight.sizes()), first.bias, {}, second.weight, second.bias};
  }
};

}  // namespace

at::Tensor convolvedMlp(const at::Tensor& x, const LinearParameters& first,
                        const ConvolutionParameters& convolution, const at::Tensor& rows,
                        const LinearParameters& second, at::ScalarType compute) {
  const at::Tensor hidden = linearLayer(x, first.weight, first.bias, compute, first.rounded);
  if (rowKernelsCan(hidden) && compute == at::kFloat)
    return ConvolvedGeluLinear::apply(hidden.contiguous(), convolution.weight, convolution.bias,
                                      rows.contiguous(), second.weight, second.bias);
  return geluLinear(depthwise(hidden, convolution.weight, convolution.bias, rows), second.weight, second.bias,
                    compute, second.rounded);
}

}  // namespace cv::mixmim
