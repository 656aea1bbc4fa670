#include "network/linear.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "compute/row_kernels.hpp"

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

at::Tensor product(const at::Tensor& given, const Multiplication& by) {
  if (fastProductsCan(given)) return multiplied(given, by);
  const at::Tensor x = by.gelu ? exactGelu(given) : given, weight = by.transposed ? by.weight : by.weight.t();
  if (!x.is_cpu() || x.scalar_type() != at::kFloat || x.numel() == 0 || !oneDnn())
    return at::linear(x, weight, by.bias);
  return oneDnn()->call(x, weight, by.bias, "none", Scalars(), "");
}

template <bool kGelu>
struct LinearLayer : torch::autograd::Function<LinearLayer<kGelu>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight,
                            const Bias& bias, at::ScalarType compute, const Bias& weightCopy,
                            const Bias& biasCopy) {
    const at::Tensor x = given.to(compute), factor = weightCopy ? *weightCopy : weight.to(compute);
    context->save_for_backward({x, weightCopy ? *weightCopy : weight});
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["type"] = static_cast<int64_t>(given.scalar_type());
    context->saved_data["weight"] = static_cast<int64_t>(weight.scalar_type());
    const Bias added = biasCopy || !bias ? biasCopy : Bias(bias->to(compute));
    return product(x, {factor, /*transposed=*/true, added, kGelu});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const at::Tensor gradient = gradients[0].contiguous(), rows = gradient.flatten(0, -2);
    at::Tensor inner, multiplied = x;
    if (context->needs_input_grad(0))
      inner =
          product(gradient, {weight.to(x.scalar_type()), /*transposed=*/false, std::nullopt, /*gelu=*/false});
    if (kGelu) multiplied = inner.defined() ? exactGeluBackward(x, inner) : exactGelu(x);
    const auto typeOf = [&](const char* name) {
      return static_cast<at::ScalarType>(context->saved_data[name].toInt());
    };
    if (inner.defined()) inner = inner.to(typeOf("type"));
    const LinearGradient own = linearGradient(multiplied.flatten(0, -2), rows, typeOf("weight"));
    return {inner, own.weight, context->saved_data["bias"].toBool() ? own.bias : at::Tensor(), {}, {}, {}};
  }
};

Bias maybe(const at::Tensor& tensor) {
  return tensor.defined() ? Bias(tensor) : std::nullopt;
}

}  // namespace

at::Tensor linearLayer(const at::Tensor& x, const at::Tensor& weight, const Bias& bias,
                       at::ScalarType compute, const RoundedLinear& rounded) {
  return LinearLayer<false>::apply(x, weight, bias, compute, maybe(rounded.weight), maybe(rounded.bias));
}

at::Tensor geluLinear(const at::Tensor& x, const at::Tensor& weight, const Bias& bias, at::ScalarType compute,
                      const RoundedLinear& rounded) {
  return LinearLayer<true>::apply(x, weight, bias, compute, maybe(rounded.weight), maybe(rounded.bias));
}

}  // namespace cv::mixmim
