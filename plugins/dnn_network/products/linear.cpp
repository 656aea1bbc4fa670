#include "products/linear.hpp"

#include <cstring>
#include <vector>

#include "kernels/layers.hpp"

namespace cv::mixmim {

namespace {

using Type = dnnl::memory::data_type;
using dnnl::memory;

constexpr int kTypicalRows = 64;  // the packing that suits them suits the others

class FloatLinear final : public PackedLinear {
 public:
  FloatLinear(const cv::Mat& weight, const cv::Mat& bias, After after)
      : PackedLinear(weight.cols, weight.rows),
        after_(after == After::kGelu  ? thenGelu()
               : after == After::kAdd ? thenAdd()
                                      : dnnl::post_ops()),
        bias_(matrixOf(1, outputs()), processor()) {
    const OneThread alone;
    const memory::desc any({inputs(), outputs()}, Type::f32, memory::format_tag::any);
    weight_ = packed(weight.data, plan(kTypicalRows, any).weights_desc());
    std::memcpy(bias_.get_data_handle(), bias.data, sizeof(float) * static_cast<size_t>(outputs()));
  }

  void prepare(int rows) override {
    products_.prepare(rows, [&] { return plan(rows, weight_.get_desc()); });
  }

  void operator()(int rows, const float* x, float* y) const override {
    products_.run(rows, {{DNNL_ARG_SRC, view(matrixOf(rows, inputs()), x)},
                         {DNNL_ARG_WEIGHTS, weight_},
                         {DNNL_ARG_BIAS, bias_},
                         {DNNL_ARG_DST, view(matrixOf(rows, outputs()), y)}});
  }

 private:
  dnnl::matmul::primitive_desc plan(int rows, const memory::desc& weight) const {
    return matmulOf(matrixOf(rows, inputs()), weight, matrixOf(1, outputs()), matrixOf(rows, outputs()),
                    after_);
  }

  const dnnl::post_ops after_;
  memory weight_, bias_;
  ByRows<dnnl::matmul> products_;
};

/// Products by this project's kernels, where the processor multiplies tiles.
class TileLinear final : public PackedLinear {
  static_assert(kColumnMultiple == kPanelMultiple);

 public:
  TileLinear(const cv::Mat& weight, const cv::Mat& bias, After after)
      : PackedLinear(weight.cols, weight.rows),
        after_(after),
        weight_((outputs() + kColumnMultiple - 1) / kColumnMultiple,
                static_cast<int>(kernels().sizeOfRightSide(inputs(), kColumnMultiple)), CV_32F),
        bias_(bias.ptr<float>(), bias.ptr<float>() + outputs()) {
    kernels().packRightSide({inputs(), outputs(), weight.ptr<float>(), inputs(), /*transposed=*/true},
                            weight_.ptr<float>());
  }

  static bool canRun(const cv::Mat& weight, After after) {
    return kernels().multiply && weight.cols % kWidthMultiple == 0 &&
           (after != After::kGelu || weight.rows % kWidthMultiple == 0);
  }

  void prepare(int) override {}

  void operator()(int rows, const float* x, float* y) const override { columns(0, outputs(), rows, x, y); }

  bool dividesColumns() const override { return true; }

  void columns(int first, int count, int rows, const float* x, float* y) const override {
    thread_local KernelScratch scratch;
    RowProduct product{};
    product.rows = rows;
    product.inner = inputs();
    product.columns = count;
    product.left = x;
    product.right = weight_.ptr<float>() + kernels().sizeOfRightSide(inputs(), first);
    product.bias = bias_.data() + first;
    product.out = y + first;
    product.outStep = outputs();
    product.adds = after_ == After::kAdd;
    kernels().multiply(product, scratch);
    if (after_ != After::kGelu) return;
    for (int64_t row = 0; row < rows; ++row) {
      float* numbers = product.out + row * product.outStep;
      kernels().gelu(numbers, count, numbers);
    }
  }

 private:
  static const LayerKernels& kernels() {
    static const LayerKernels& fastest = *layerKernels().front();
    return fastest;
  }

  const After after_;
  cv::Mat weight_;  // a panel of columns in each row; aligned, as rows of tiles should be
  const std::vector<float> bias_;
};

}  // namespace

void PackedLinear::columns(int, int, int, const float*, float*) const {
  CV_Error(cv::Error::StsNotImplemented, "columns of these products cannot be divided");
}

std::unique_ptr<PackedLinear> makeLinear(const cv::Mat& weight, const cv::Mat& bias, After after) {
  CV_Assert(weight.type() == CV_32F && weight.isContinuous() && bias.type() == CV_32F &&
            bias.isContinuous() && bias.total() == static_cast<size_t>(weight.rows));
  if (TileLinear::canRun(weight, after)) return std::make_unique<TileLinear>(weight, bias, after);
  return std::make_unique<FloatLinear>(weight, bias, after);
}

void RowNorm::prepare(int rows) {
  norms_.prepare(rows, [&] { return rowNormOf(matrixOf(rows, width_), epsilon_); });
}

void RowNorm::operator()(int rows, const float* x, float* y) const {
  const memory::desc shape = matrixOf(rows, width_);
  norms_.run(rows, {{DNNL_ARG_SRC, view(shape, x)}, {DNNL_ARG_DST, view(shape, y)}});
}

}  // namespace cv::mixmim
