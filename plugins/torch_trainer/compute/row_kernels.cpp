#include "compute/row_kernels.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "compute/parallel.hpp"
#include "cuda/kernel_choice.hpp"
#include "cuda/own_functions.hpp"

namespace cv::mixmim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float* numbers(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

int64_t widthOf(const at::Tensor& x) {
  return x.size(-1);
}

/// As many rows in a part as fit the second-level cache. Parts may be many, because each keeps only sums of a
/// row's size.
RowParts cachedParts(const at::Tensor& x) {
  constexpr int64_t kNumbers = 16384;
  return {x.numel() / widthOf(x), std::max<int64_t>(1, kNumbers / widthOf(x))};
}

struct Normalise : torch::autograd::Function<Normalise> {
  using Maybe = std::optional<at::Tensor>;

  static variable_list forward(AutogradContext* context, const at::Tensor& x, const Maybe& added,
                               const at::Tensor& gain, const at::Tensor& bias, double eps) {
    const at::Tensor out = at::empty_like(x), sum = added ? at::empty_like(x) : x;
    const RowParts pieces = cachedParts(x);
    const int64_t width = widthOf(x);
    const at::Tensor moments = at::empty({2, pieces.rows}, x.options());
    pieces.forEach([&](int64_t, int64_t first, int64_t count) {
      const int64_t at = first * width;
      NormRows rows{};
      rows.rows = count;
      rows.width = rows.degrees = width;
      rows.x = numbers(x) + at;
      rows.added = added ? numbers(*added) + at : nullptr;
      rows.sum = added ? sum.data_ptr<float>() + at : nullptr;
      rows.gain = numbers(gain);
      rows.bias = numbers(bias);
      rows.eps = static_cast<float>(eps);
      rows.out = out.data_ptr<float>() + at;
      rows.mean = moments.data_ptr<float>() + first;
      rows.inverse = rows.mean + pieces.rows;
      rowKernels().norm(rows);
    });
    context->set_materialize_grads(false);
    context->save_for_backward({sum, gain, moments});
    context->saved_data["added"] = added.has_value();
    return {sum, out};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor past = gradients[0].defined() ? gradients[0].contiguous() : gradients[0];
    const auto forBoth = [&](const at::Tensor& x, const at::Tensor& gain, const at::Tensor& bias) {
      return variable_list{x, context->saved_data["added"].toBool() ? x : at::Tensor(), gain, bias, {}};
    };
    if (!gradients[1].defined()) return forBoth(past, {}, {});
    const at::Tensor out = gradients[1].contiguous();
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &sum = saved[0], &gain = saved[1], &moments = saved[2];
    const RowParts pieces = cachedParts(sum);
    const int64_t width = widthOf(sum);
    const at::Tensor x = at::empty_like(sum);
    const at::Tensor parts = at::empty({2, pieces.count, width}, sum.options());
    pieces.forEach([&](int64_t piece, int64_t first, int64_t count) {
      const int64_t at = first * width;
      NormGradient gradient{};
      gradient.rows = count;
      gradient.width = width;
      gradient.sum = numbers(sum) + at;
      gradient.mean = numbers(moments) + first;
      gradient.inverse = gradient.mean + pieces.rows;
      gradient.gain = numbers(gain);
      gradient.out = numbers(out) + at;
      gradient.past = past.defined() ? numbers(past) + at : nullptr;
      gradient.x = x.data_ptr<float>() + at;
      gradient.gainParts = parts.data_ptr<float>() + piece * width;
      gradient.biasParts = gradient.gainParts + pieces.count * width;
      rowKernels().normBackward(gradient);
    });
    const at::Tensor sums = parts.sum(1);
    return forBoth(x, sums[0], sums[1]);
  }
};

/// The division of a weight's gradient: its outputs into blocks, and the rows into parts, whose results are
/// added up. Parts are few where the weight is large, because each has a result of its size.
struct Division {
  Division(int64_t rows, int64_t inputs, int64_t outputs) {
    constexpr int64_t kRows = 2048, kMostParts = 16, kNumbers = 1 << 20;
    const int64_t wanted = std::min({rows / kRows, kMostParts, kNumbers / (inputs * outputs)});
    parts = std::max<int64_t>(1, wanted);
    perPart = ((rows + parts - 1) / parts + PackedRows::kSlab - 1) / PackedRows::kSlab * PackedRows::kSlab;
    blocks = (outputs + kPerBlock - 1) / kPerBlock;
  }

  static constexpr int64_t kPerBlock = 128;
  int64_t parts, perPart, blocks;
};

/// The division of a product's rows and columns. Columns are divided only where rows alone are few parts for
/// the threads, because every part packs its rows again. The result does not depend on the division.
struct ProductParts {
  ProductParts(int64_t rowCount, int64_t columnCount)
      : rows(parts(rowCount, kRows, (rowCount + kRows - 1) / kRows)),
        columns(parts(columnCount, kColumns, 2 * at::get_num_threads() / rows.count)) {}

  RowParts rows, columns;

 private:
  static constexpr int64_t kRows = 256, kColumns = 256;

  /// At most `wanted` parts, and not more than there are of this size.
  static RowParts parts(int64_t all, int64_t size, int64_t wanted) {
    const int64_t count = std::max<int64_t>(1, std::min(wanted, (all + size - 1) / size));
    return {all, std::max(kPanelMultiple, paddedColumns((all + count - 1) / count))};
  }
};

/// addAndNormalise() by the GPU's own kernels, where they are chosen and take these tensors. The residual
/// stream gives activations; activations alone, as the patch embedding has them, give the residual stream.
std::optional<Normalised> normalisedByOwn(const at::Tensor& x, const at::Tensor& added,
                                          const at::Tensor& gain, const at::Tensor& bias, double eps) {
  const OwnKernels* own = ownKernelsFor(x);
  if (!own || !OwnKernels::takesWidth(widthOf(x)) || x.numel() == 0) return {};
  const auto [real, stored] = own->types();
  if (x.scalar_type() == real && (!added.defined() || added.scalar_type() == stored)) {
    const SumAndNorm both = normalisedBy(*own, {x, added, {}, gain, bias, eps, /*wide=*/false});
    return Normalised{both.sum, both.out};
  }
  if (x.scalar_type() != stored || added.defined()) return {};
  return Normalised{x, normalisedBy(*own, {{}, x, {}, gain, bias, eps, /*wide=*/true}).out};
}

at::Tensor sumOfRows(const at::Tensor& y, at::ScalarType type) {
  const OwnKernels* own = ownKernelsFor(y);
  return own && own->takesRows(y) ? own->columnSums(y).to(type) : y.sum(0, /*keepdim=*/false, type);
}

/// y' * x in `type`. Nothing is rounded to a narrower type on its way, because the sum over all tokens of a
/// batch would lose small gradients. A GPU's matrix units add up in float32 whatever they multiply.
at::Tensor weightProduct(const at::Tensor& x, const at::Tensor& y, at::ScalarType type) {
  return x.scalar_type() == type ? y.t().matmul(x) : at::mm(y.t(), x, type);
}

}  // namespace

const LayerKernels& rowKernels() {
  static const LayerKernels& fastest = *layerKernels().front();
  return fastest;
}

bool rowKernelsCan(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.size(-1) % kWidthMultiple == 0 && x.numel() > 0;
}

Normalised addAndNormalise(const at::Tensor& x, const at::Tensor& added, const at::Tensor& gain,
                           const at::Tensor& bias, double eps) {
  if (std::optional<Normalised> own = normalisedByOwn(x, added, gain, bias, eps)) return *std::move(own);
  if (rowKernelsCan(x) && (!added.defined() || added.scalar_type() == x.scalar_type())) {
    const auto maybe = added.defined() ? std::optional(added.contiguous()) : std::nullopt;
    const variable_list results = Normalise::apply(x.contiguous(), maybe, gain, bias, eps);
    return {results[0], results[1]};
  }
  const at::Tensor sum = added.defined() ? x + added : x;
  return {sum, at::layer_norm(sum.to(gain.scalar_type()), gain.sizes(), gain, bias, eps)};
}

at::Tensor exactGelu(const at::Tensor& x) {
  if (const OwnKernels* own = ownKernelsFor(x); own && own->takesRows(x)) return own->gelu(x);
  if (!rowKernelsCan(x) || !x.is_contiguous()) return at::gelu(x);
  const at::Tensor out = at::empty_like(x);
  const RowParts pieces = cachedParts(x);
  const int64_t width = widthOf(x);
  pieces.forEach([&](int64_t, int64_t first, int64_t count) {
    const int64_t at = first * width;
    rowKernels().gelu(numbers(x) + at, count * width, out.data_ptr<float>() + at);
  });
  return out;
}

at::Tensor exactGeluBackward(const at::Tensor& x, at::Tensor& gradient) {
  if (const OwnKernels* own = ownKernelsFor(x); own && own->takesRows(x) && own->takesRows(gradient))
    return own->geluBackward(x, gradient).out;
  if (!rowKernelsCan(x) || !x.is_contiguous() || !gradient.is_contiguous()) {
    at::gelu_backward_out(gradient, gradient, x);
    return at::gelu(x);
  }
  const at::Tensor out = at::empty_like(x);
  const RowParts pieces = cachedParts(x);
  const int64_t width = widthOf(x);
  pieces.forEach([&](int64_t, int64_t first, int64_t count) {
    const int64_t at = first * width;
    rowKernels().geluBackward(numbers(x) + at, count * width, gradient.data_ptr<float>() + at,
                              out.data_ptr<float>() + at);
  });
  return out;
}

bool fastProductsCan(const at::Tensor& x) {
  return rowKernels().multiply && rowKernelsCan(x);
}

at::Tensor packedRightSide(const at::Tensor& weight, bool transposed) {
  constexpr int64_t kNumbers = 1 << 16;
  const at::Tensor matrix = weight.contiguous();
  const int64_t outputs = matrix.size(0), inputs = matrix.size(1);
  const int64_t inner = transposed ? inputs : outputs, columns = transposed ? outputs : inputs;
  const at::Tensor packed = at::empty({rowKernels().sizeOfRightSide(inner, columns)}, weight.options());
  RowParts(columns, paddedColumns(kNumbers / inner + 1)).forEach([&](int64_t, int64_t first, int64_t count) {
    rowKernels().packRightSide(
        {inner, count, numbers(matrix) + first * (transposed ? inputs : 1), inputs, transposed},
        packed.data_ptr<float>() + rowKernels().sizeOfRightSide(inner, first));
  });
  return packed;
}

at::Tensor multiplied(const at::Tensor& x, const Multiplication& by) {
  const int64_t outputs = by.weight.size(0), inputs = by.weight.size(1),
                columns = by.transposed ? outputs : inputs;
  TORCH_CHECK(widthOf(x) == (by.transposed ? inputs : outputs), "rows of ", widthOf(x),
              " numbers do not fit a weight of ", outputs, " x ", inputs);
  const at::Tensor bias = by.bias ? by.bias->contiguous() : at::Tensor();
  const at::Tensor rows = x.contiguous(), right = packedRightSide(by.weight, by.transposed);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = columns;
  const at::Tensor out = at::empty(shape, x.options());
  const ProductParts parts(x.numel() / widthOf(x), columns);
  parallelFor(parts.rows.count * parts.columns.count, [&](int64_t i) {
    const int64_t row = i / parts.columns.count * parts.rows.perPart,
                  column = i % parts.columns.count * parts.columns.perPart;
    RowProduct product{};
    product.rows = std::min(parts.rows.perPart, parts.rows.rows - row);
    product.inner = widthOf(x);
    product.columns = std::min(parts.columns.perPart, columns - column);
    product.left = numbers(rows) + row * product.inner;
    product.gelu = by.gelu;
    product.right = numbers(right) + rowKernels().sizeOfRightSide(product.inner, column);
    product.bias = by.bias ? numbers(bias) + column : nullptr;
    product.out = out.data_ptr<float>() + row * columns + column;
    product.outStep = columns;
    rowKernels().multiply(product, scratch());
  });
  return out;
}

LinearGradient linearGradient(const at::Tensor& x, const at::Tensor& y, at::ScalarType type) {
  if (x.scalar_type() != type && !x.is_cuda()) return linearGradient(x.to(type), y.to(type), type);
  if (!rowKernelsCan(x) || type != at::kFloat) return {weightProduct(x, y, type), sumOfRows(y, type)};
  const int64_t rows = x.size(0), inputs = x.size(1), outputs = y.size(1);
  const Division division(rows, inputs, outputs);
  const at::Tensor weight = at::empty({division.parts, outputs, inputs}, x.options());
  const at::Tensor bias = at::empty({division.parts, outputs}, x.options());
  const at::Tensor xRows = x.contiguous(), yRows = y.contiguous();
  const at::Tensor packed = at::empty({rowKernels().sizeOfRows(rows, inputs)}, x.options());
  RowParts(rows, PackedRows::kSlab).forEach([&](int64_t, int64_t first, int64_t count) {
    rowKernels().packRows({count, inputs, numbers(xRows) + first * inputs,
                           packed.data_ptr<float>() + rowKernels().sizeOfRows(first, inputs)});
  });
  parallelFor(division.parts * division.blocks, [&](int64_t i) {
    const int64_t part = i / division.blocks, first = part * division.perPart;
    const int64_t block = i % division.blocks * Division::kPerBlock;
    WeightGradient gradient{};
    gradient.rows = std::max<int64_t>(0, std::min(division.perPart, rows - first));
    gradient.inputs = inputs;
    gradient.outputs = std::min(Division::kPerBlock, outputs - block);
    gradient.packedX = numbers(packed) + rowKernels().sizeOfRows(first, inputs);
    gradient.y = numbers(yRows) + first * outputs + block;
    gradient.yStep = outputs;
    gradient.weight = weight.data_ptr<float>() + (part * outputs + block) * inputs;
    gradient.bias = bias.data_ptr<float>() + part * outputs + block;
    rowKernels().weightGradient(gradient, scratch());
  });
  if (division.parts == 1) return {weight.squeeze(0), bias.squeeze(0)};
  return {weight.sum(0), bias.sum(0)};
}

}  // namespace cv::mixmim
