#include "network/depthwise.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include "compute/convolution_kernels.hpp"
#include "kernels/convolution.hpp"

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Depthwise : torch::autograd::Function<Depthwise> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const at::Tensor& rows) {
    context->save_for_backward({x, weight, rows});
    context->saved_data["bias"] = static_cast<int64_t>(bias.scalar_type());
    return convolved(x, tapsFor(x, weight), bias, rows);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &rows = saved[2];
    const ConvolutionGradient own =
        convolutionGradient(x, tapsFor(x, weight), rows, gradients[0].contiguous());
    return {own.x,
            own.taps.t().reshape(weight.sizes()).to(weight.scalar_type()),
            own.bias.to(static_cast<at::ScalarType>(context->saved_data["bias"].toInt())),
            {}};
  }
};

struct GatherRows : torch::autograd::Function<GatherRows> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& rows) {
    context->save_for_backward({rows});
    context->saved_data["length"] = x.size(1);
    return gathered(x, rows);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {scattered(gradients[0].contiguous(), context->get_saved_variables()[0],
                      context->saved_data["length"].toInt()),
            {}};
  }
};

void checkList(const at::Tensor& x, const at::Tensor& rows) {
  TORCH_CHECK(x.dim() == 3 && rows.dim() == 2 && rows.scalar_type() == at::kInt,
              "convolution of tokens: expected B x L x C and a list of rows in int32, got ", x.sizes(),
              " and ", rows.sizes(), " ", rows.scalar_type());
}

}  // namespace

at::Tensor depthwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& rows) {
  checkList(x, rows);
  TORCH_CHECK(rows.size(0) == x.size(1) && rows.size(1) == kTaps && weight.numel() == kTaps * x.size(2),
              "depthwise convolution: expected ", x.size(1), " x 9 rows and a weight of ", x.size(2),
              " x 1 x 3 x 3, got ", rows.sizes(), " and ", weight.sizes());
  return Depthwise::apply(x.contiguous(), weight, bias, rows.contiguous());
}

at::Tensor gatherRows(const at::Tensor& x, const at::Tensor& rows) {
  checkList(x, rows);
  return GatherRows::apply(x.contiguous(), rows.contiguous());
}

}  // namespace cv::mixmim
