#include "compute/convolution_kernels.hpp"

#include <algorithm>
#include <vector>

#include "compute/parallel.hpp"
#include "compute/row_kernels.hpp"
#include "cuda/kernel_choice.hpp"
#include "kernels/convolution.hpp"

namespace cv::mixmim {

namespace {

const ConvolutionKernels& kernels() {
  static const ConvolutionKernels& fastest = *convolutionKernels().front();
  return fastest;
}

/// The rows of all images, divided for the threads: parts of one image each, of about `numbers` numbers.
struct ImageParts {
  ImageParts(int64_t batch, int64_t rows, int64_t width, int64_t numbers)
      : images(batch), parts(rows, std::max<int64_t>(1, numbers / width)) {}

  /// work(part of all, image, its first row, number of rows), on the threads of parallelFor().
  template <class Work>
  void forEach(Work work) const {
    parallelFor(count(), [&](int64_t i) {
      const int64_t first = i % parts.count * parts.perPart;
      work(i, i / parts.count, first, std::min(parts.perPart, parts.rows - first));
    });
  }

  int64_t count() const { return images * parts.count; }

  int64_t images;
  RowParts parts;
};

/// Parts are large, because each reads the rows above and below it too.
ImageParts largeParts(const at::Tensor& x) {
  return {x.size(0), x.size(1), x.size(2), int64_t{1} << 19};
}

/// x and a row of zeros behind it, and a list of rows in which -1 has become that row.
struct WithZeros {
  WithZeros(const at::Tensor& given, const at::Tensor& rows)
      : x(at::cat({given, given.new_zeros({given.size(0), 1, given.size(2)})}, 1)),
        list(at::where(rows < 0, given.size(1), rows)) {}
  at::Tensor neighbours(int64_t tap) const { return x.index_select(1, list.select(1, tap)); }
  at::Tensor x, list;
};

at::Tensor convolvedPlainly(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                            const at::Tensor& rows) {
  const WithZeros source(x, rows);
  at::Tensor out = bias.to(taps.scalar_type()).expand(x.sizes()).clone();
  for (int64_t o = 0; o < kTaps; ++o) out += source.neighbours(o) * taps[o];
  return out.to(x.scalar_type());
}

ConvolutionGradient gradientPlainly(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& rows,
                                    const at::Tensor& out) {
  const WithZeros source(out, rows);
  const at::ScalarType type = taps.scalar_type();
  at::Tensor own = at::zeros(x.sizes(), taps.options());
  std::vector<at::Tensor> ofTaps(kTaps);
  for (int64_t o = 0; o < kTaps; ++o) {
    const at::Tensor gradient = source.neighbours(o).to(type);
    own += gradient * taps[kTaps - 1 - o];
    ofTaps[static_cast<size_t>(kTaps - 1 - o)] = (gradient * x).flatten(0, 1).sum(0);
  }
  return {own.to(x.scalar_type()), at::stack(ofTaps), out.flatten(0, 1).sum(0, false, type)};
}

/// Convolves some tokens of an image. `first`, `count`: of its tokens.
void convolve(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& rows,
              bool gelu, int64_t image, int64_t first, int64_t count, const at::Tensor& out) {
  const int64_t width = x.size(2), begin = image * x.size(1) * width;
  DepthwiseRows part{};
  part.tokens = count;
  part.width = width;
  part.x = x.const_data_ptr<float>() + begin;
  part.neighbours = rows.const_data_ptr<int32_t>() + first * kTaps;
  part.taps = taps.const_data_ptr<float>();
  part.bias = bias.const_data_ptr<float>();
  part.out = out.data_ptr<float>() + begin + first * width;
  part.gelu = gelu;
  kernels().depthwise(part, scratch());
}

at::Tensor convolvedByKernels(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                              const at::Tensor& rows, bool gelu) {
  const at::Tensor out = at::empty_like(x), added = bias.to(at::kFloat).contiguous();
  largeParts(x).forEach([&](int64_t, int64_t image, int64_t first, int64_t count) {
    convolve(x, taps, added, rows, gelu, image, first, count, out);
  });
  return out;
}

ConvolutionGradient gradientByKernels(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& rows,
                                      const at::Tensor& out) {
  const ImageParts parts = largeParts(x);
  const int64_t length = x.size(1), width = x.size(2);
  const at::Tensor own = at::empty_like(x), sums = at::empty({parts.count(), kTaps + 1, width}, x.options());
  parts.forEach([&](int64_t part, int64_t image, int64_t first, int64_t count) {
    const int64_t begin = image * length * width, at = begin + first * width;
    DepthwiseGradient gradient{};
    gradient.tokens = count;
    gradient.width = width;
    gradient.x = x.const_data_ptr<float>() + at;
    gradient.out = out.const_data_ptr<float>() + begin;
    gradient.neighbours = rows.const_data_ptr<int32_t>() + first * kTaps;
    gradient.taps = taps.const_data_ptr<float>();
    gradient.xGradient = own.data_ptr<float>() + at;
    gradient.tapParts = sums.data_ptr<float>() + part * (kTaps + 1) * width;
    gradient.biasParts = gradient.tapParts + kTaps * width;
    kernels().depthwiseBackward(gradient, scratch());
  });
  const at::Tensor sum = sums.sum(0);
  return {own, sum.narrow(0, 0, kTaps), sum[kTaps]};
}

/// The own kernels of x's GPU where they are chosen and take these tensors, or null.
const OwnKernels* ownFor(const at::Tensor& x, const at::Tensor& taps) {
  const OwnKernels* own = ownKernelsFor(x);
  return own && own->takesRows(x) && taps.scalar_type() == own->types().real ? own : nullptr;
}

/// Neighbours are mutual, so that x's gradient is a convolution with mirrored taps.
ConvolutionGradient gradientByOwn(const OwnKernels& own, const at::Tensor& x, const at::Tensor& taps,
                                  const at::Tensor& rows, const at::Tensor& out) {
  const at::Tensor sums = own.depthwiseSums(x, rows, out);
  return {own.depthwise(out, taps.flip(0), {}, rows), sums.narrow(0, 0, kTaps), sums[kTaps]};
}

bool gathersByKernels(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0;
}

}  // namespace

at::Tensor tapsFor(const at::Tensor& x, const at::Tensor& weight) {
  const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return weight.flatten(1).t().to(type).contiguous();
}

at::Tensor convolved(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                     const at::Tensor& rows) {
  if (rowKernelsCan(x)) return convolvedByKernels(x, taps, bias, rows, /*gelu=*/false);
  if (const OwnKernels* own = ownFor(x, taps))
    return own->depthwise(x, taps, bias.to(taps.scalar_type()).contiguous(), rows);
  return convolvedPlainly(x, taps, bias, rows);
}

at::Tensor convolvedGelu(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                         const at::Tensor& rows) {
  if (rowKernelsCan(x)) return convolvedByKernels(x, taps, bias, rows, /*gelu=*/true);
  return exactGelu(convolved(x, taps, bias, rows));
}

at::Tensor convolvedGeluBackward(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                                 const at::Tensor& rows, at::Tensor& gradient) {
  if (!rowKernelsCan(x)) return exactGeluBackward(convolved(x, taps, bias, rows), gradient);
  const at::Tensor out = at::empty_like(x), added = bias.to(at::kFloat).contiguous();
  const int64_t width = x.size(2);
  largeParts(x).forEach([&](int64_t, int64_t image, int64_t first, int64_t count) {
    constexpr int64_t kNumbers = 1 << 14;  // of a piece that stays in the cache between its two passes
    const RowParts pieces(count, std::max<int64_t>(1, kNumbers / width));
    for (int64_t row = 0; row < count; row += pieces.perPart) {
      const int64_t some = std::min(pieces.perPart, count - row);
      convolve(x, taps, added, rows, /*gelu=*/false, image, first + row, some, out);
      const int64_t at = (image * x.size(1) + first + row) * width;
      float* numbers = out.data_ptr<float>() + at;
      rowKernels().geluBackward(numbers, some * width, gradient.data_ptr<float>() + at, numbers);
    }
  });
  return out;
}

ConvolutionGradient convolutionGradient(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& rows,
                                        const at::Tensor& out) {
  if (rowKernelsCan(x)) return gradientByKernels(x, taps, rows, out);
  if (const OwnKernels* own = ownFor(x, taps); own && own->takesRows(out))
    return gradientByOwn(*own, x, taps, rows, out);
  return gradientPlainly(x, taps, rows, out);
}

at::Tensor gathered(const at::Tensor& x, const at::Tensor& rows) {
  const int64_t members = rows.size(1), width = x.size(2), line = members * width;
  if (!gathersByKernels(x)) {
    const WithZeros source(x, rows);
    return source.x.index_select(1, source.list.flatten()).reshape({x.size(0), rows.size(0), line});
  }
  const at::Tensor out = at::empty({x.size(0), rows.size(0), line}, x.options());
  constexpr int64_t kNumbers = 1 << 16;
  ImageParts(x.size(0), rows.size(0), line, kNumbers)
      .forEach([&](int64_t, int64_t image, int64_t first, int64_t count) {
        kernels().gather({count, members, width, width, x.const_data_ptr<float>() + image * x.size(1) * width,
                          rows.const_data_ptr<int32_t>() + first * members,
                          out.data_ptr<float>() + (image * rows.size(0) + first) * line});
      });
  return out;
}

/// Numbers that meet are added up in the order of the list, except on a GPU, where LibTorch sorts them;
/// adding by index_add() would take any order there.
at::Tensor scattered(const at::Tensor& out, const at::Tensor& rows, int64_t length) {
  const int64_t batch = out.size(0), members = rows.size(1), width = out.size(2) / members;
  if (!gathersByKernels(out)) {
    const at::Tensor list = at::where(rows < 0, length, rows).flatten().to(at::kLong);
    const at::Tensor all = out.reshape({batch, -1, width}), sums = out.new_zeros({batch, length + 1, width});
    if (out.is_cpu())
      sums.index_add_(1, list, all);
    else
      sums.index_put_(c10::List<std::optional<at::Tensor>>({std::nullopt, list}), all, /*accumulate=*/true);
    return sums.narrow(1, 0, length);
  }
  const at::Tensor sums = at::zeros({batch, length, width}, out.options());
  constexpr int64_t kColumns = 64;
  const RowParts columns(width, kColumns);
  parallelFor(batch * columns.count, [&](int64_t i) {
    const int64_t image = i / columns.count, column = i % columns.count * kColumns;
    kernels().gatherBackward({rows.size(0), members, std::min(kColumns, width - column), width,
                              out.const_data_ptr<float>() + image * rows.numel() * width + column,
                              rows.const_data_ptr<int32_t>(),
                              sums.data_ptr<float>() + image * length * width + column});
  });
  return sums;
}

}  // namespace cv::mixmim
