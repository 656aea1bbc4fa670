#include "plugins/dnn_classifier/linear.hpp"

#include <cstring>

namespace cv::mixmim {

namespace {

using Type = dnnl::memory::data_type;
using dnnl::memory;

constexpr float kEpsilon = 1e-5f;
constexpr int kTypicalRows = 64;  // the packing that suits them suits the others

class FloatLinear final : public Linear {
 public:
  FloatLinear(const cv::Mat& weight, const cv::Mat& bias, After after)
      : Linear(weight.cols, weight.rows),
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

}  // namespace

std::unique_ptr<Linear> makeLinear(const cv::Mat& weight, const cv::Mat& bias, After after) {
  CV_Assert(weight.type() == CV_32F && weight.isContinuous() && bias.type() == CV_32F &&
            bias.isContinuous() && bias.total() == static_cast<size_t>(weight.rows));
  return std::make_unique<FloatLinear>(weight, bias, after);
}

void RowNorm::prepare(int rows) {
  norms_.prepare(rows, [&] { return rowNormOf(matrixOf(rows, width_), kEpsilon); });
}

void RowNorm::operator()(int rows, const float* x, float* y) const {
  const memory::desc shape = matrixOf(rows, width_);
  norms_.run(rows, {{DNNL_ARG_SRC, view(shape, x)}, {DNNL_ARG_DST, view(shape, y)}});
}

}  // namespace cv::mixmim
