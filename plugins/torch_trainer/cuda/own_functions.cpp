#include "cuda/own_functions.hpp"

#include <torch/csrc/autograd/custom_function.h>

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Maybe = std::optional<at::Tensor>;

Maybe maybe(const at::Tensor& x) {
  return x.defined() ? Maybe(x.contiguous()) : std::nullopt;
}

at::Tensor orUndefined(const Maybe& x) {
  return x ? *x : at::Tensor();
}

struct OwnNormalise : torch::autograd::Function<OwnNormalise> {
  static variable_list forward(AutogradContext* context, const OwnKernels* kernels, const Maybe& x,
                               const Maybe& branch, const Maybe& factors, const at::Tensor& gain,
                               const at::Tensor& bias, double eps, bool wide) {
    const NormInput input{orUndefined(x), orUndefined(branch), orUndefined(factors), gain, bias, eps, wide};
    const NormResult result = kernels->addAndNormalise(input);
    context->set_materialize_grads(false);
    context->save_for_backward({result.sum, input.branch, input.factors, gain, result.mean, result.inverse});
    context->saved_data["kernels"] = reinterpret_cast<int64_t>(kernels);
    context->saved_data["hasX"] = x.has_value();
    context->saved_data["wide"] = wide;
    if (!result.sum.defined())
      return {result.out};  // an undefined result would have no place in autograd's graph
    return {result.out, result.sum};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor past =
        gradients.size() > 1 && gradients[1].defined() ? gradients[1].contiguous() : at::Tensor();
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &sum = saved[0], &branch = saved[1], &factors = saved[2], &gain = saved[3];
    const auto& kernels = *reinterpret_cast<const OwnKernels*>(context->saved_data["kernels"].toInt());
    const bool hasX = context->saved_data["hasX"].toBool();
    if (!gradients[0].defined()) return {{}, past, pastOf(branch, factors, past), {}, {}, {}, {}, {}};
    const NormInput input{hasX ? sum : at::Tensor(),           branch, factors, gain, {}, 0,
                          context->saved_data["wide"].toBool()};
    const NormGradients all =
        kernels.normaliseBackward(input, {sum, {}, saved[4], saved[5]}, gradients[0].contiguous(), past);
    return {{}, all.x, all.branch, {}, all.gain, all.bias, {}, {}};
  }

  /// The branch's gradient where only the sum was used.
  static at::Tensor pastOf(const at::Tensor& branch, const at::Tensor& factors, const at::Tensor& past) {
    if (!branch.defined() || !past.defined()) return {};
    if (!factors.defined()) return past.to(branch.scalar_type());
    return (past.view({factors.numel(), -1}) * factors.view({-1, 1}))
        .view(past.sizes())
        .to(branch.scalar_type());
  }
};

struct OwnLoss : torch::autograd::Function<OwnLoss> {
  static at::Tensor forward(AutogradContext* context, const OwnKernels* kernels, const at::Tensor& pixels,
                            int64_t side, const at::Tensor& order, const at::Tensor& predicted,
                            bool normalised) {
    const LossAndGradient both = kernels->reconstructionLoss(pixels, side, order, predicted, normalised);
    context->saved_data["gradient"] = both.gradient;
    return both.loss;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor own = context->saved_data["gradient"].toTensor();
    return {{}, {}, {}, {}, own * gradients[0].to(own.scalar_type()), {}};
  }
};

}  // namespace

SumAndNorm normalisedBy(const OwnKernels& kernels, const NormInput& input) {
  const variable_list results =
      OwnNormalise::apply(&kernels, maybe(input.x), maybe(input.branch), maybe(input.factors), input.gain,
                          input.bias, input.eps, input.wide);
  return {results.size() > 1 ? results[1] : at::Tensor(), results[0]};
}

at::Tensor reconstructionLossBy(const OwnKernels& kernels, const at::Tensor& pixels, int64_t side,
                                const at::Tensor& order, const at::Tensor& predicted, bool normalised) {
  return OwnLoss::apply(&kernels, pixels.contiguous(), side, order.contiguous(), predicted.contiguous(),
                        normalised);
}

}  // namespace cv::mixmim
