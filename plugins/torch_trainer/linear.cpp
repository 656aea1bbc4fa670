#include "plugins/torch_trainer/linear.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Bias = std::optional<at::Tensor>;

/// oneDNN's product, where this LibTorch has it.
using Scalars = c10::List<std::optional<at::Scalar>>;
using Algorithm = std::optional<c10::string_view>;
using Product = at::Tensor(const at::Tensor& x, const at::Tensor& weight, const Bias& bias,
                           c10::string_view activation, Scalars scalars, Algorithm algorithm);

const c10::TypedOperatorHandle<Product>* oneDnn() {
  static const std::optional<c10::TypedOperatorHandle<Product>> found =
      []() -> std::optional<c10::TypedOperatorHandle<Product>> {
    const auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!handle || !at::hasMKLDNN()) return std::nullopt;
    return handle->typed<Product>();
  }();
  return found ? &*found : nullptr;
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat || x.numel() == 0 || !oneDnn())
    return at::linear(x, weight, bias);
  return oneDnn()->call(x, weight, bias, "none", Scalars(), "");
}

template <bool kGelu>
struct LinearLayer : torch::autograd::Function<LinearLayer<kGelu>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const Bias& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    const at::AutoDispatchBelowADInplaceOrView below;
    return product(kGelu ? at::gelu(x) : x, weight, bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const at::Tensor gradient = gradients[0].contiguous(), rows = gradient.flatten(0, -2);
    at::Tensor inner;
    if (context->needs_input_grad(0)) {
      inner = product(gradient, weight.t(), std::nullopt);
      if (kGelu) at::gelu_backward_out(inner, inner, x);
    }
    return {inner, rows.t().matmul((kGelu ? at::gelu(x) : x).flatten(0, -2)),
            context->saved_data["bias"].toBool() ? rows.sum(0) : at::Tensor()};
  }
};

}  // namespace

at::Tensor linearLayer(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  return LinearLayer<false>::apply(x, weight, bias);
}

at::Tensor geluLinear(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  return LinearLayer<true>::apply(x, weight, bias);
}

}  // namespace cv::mixmim
