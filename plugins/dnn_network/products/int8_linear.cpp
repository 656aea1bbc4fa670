#include <algorithm>
#include <cmath>

#include "kernels/int8.hpp"
#include "products/linear.hpp"

namespace cv::mixmim {

namespace {

using Type = dnnl::memory::data_type;
using dnnl::memory;

constexpr int kTypicalRows = 64;

/// Memory of the calling thread for one call.
struct Scratch {
  std::vector<uint8_t> bytes;
  std::vector<ByteRow> rows;
  std::vector<int32_t> sums;
};

class Int8Linear final : public PackedLinear {
 public:
  Int8Linear(const cv::Mat& weight, const cv::Mat& bias, After after)
      : PackedLinear(weight.cols, weight.rows),
        after_(after),
        kernels_(*int8Kernels().front()),
        bias_(bias.ptr<float>(), bias.ptr<float>() + outputs()) {
    const cv::Mat bytes = quantized(weight);
    const OneThread alone;
    const memory::desc any({inputs(), outputs()}, Type::s8, memory::format_tag::any);
    weight_ = packed(bytes.data, plan(kTypicalRows, any).weights_desc());
  }

  void prepare(int rows) override {
    products_.prepare(rows, [&] { return plan(rows, weight_.get_desc()); });
    if (after_ == After::kGelu) gelus_.prepare(rows, [&] { return geluOf(matrixOf(rows, outputs())); });
  }

  void operator()(int rows, const float* x, float* y) const override {
    thread_local Scratch scratch;
    quantizeRows(rows, x, scratch);
    // Sums share the memory of the results, because their numbers are of one size, except where results are
    // added to it.
    auto* sums = reinterpret_cast<int32_t*>(y);
    if (after_ == After::kAdd) {
      scratch.sums.resize(static_cast<size_t>(rows) * static_cast<size_t>(outputs()));
      sums = scratch.sums.data();
    }
    const memory::desc result = matrixOf(rows, outputs(), Type::s32);
    products_.run(rows, {{DNNL_ARG_SRC, view(matrixOf(rows, inputs(), Type::u8), scratch.bytes.data())},
                         {DNNL_ARG_WEIGHTS, weight_},
                         {DNNL_ARG_DST, view(result, sums)}});
    finishRows(rows, sums, scratch, y);
    if (after_ != After::kGelu) return;
    const memory::desc shape = matrixOf(rows, outputs());
    gelus_.run(rows, {{DNNL_ARG_SRC, view(shape, y)}, {DNNL_ARG_DST, view(shape, y)}});
  }

 private:
  dnnl::matmul::primitive_desc plan(int rows, const memory::desc& weight) const {
    return matmulOf(matrixOf(rows, inputs(), Type::u8), weight, matrixOf(rows, outputs(), Type::s32));
  }

  /// The weights of every output to -127 .. 127, and what turns them back.
  cv::Mat quantized(const cv::Mat& weight) {
    constexpr float kLargest = 127;
    cv::Mat bytes(weight.size(), CV_8S);
    for (int m = 0; m < weight.rows; ++m) {
      const auto largest = static_cast<float>(cv::norm(weight.row(m), cv::NORM_INF));
      const float step = largest > 0 ? largest / kLargest : 1;
      weight.row(m).convertTo(bytes.row(m), CV_8S, 1 / static_cast<double>(step));
      steps_.push_back(step);
      sums_.push_back(step * static_cast<float>(cv::sum(bytes.row(m))[0]));
    }
    return bytes;
  }

  void quantizeRows(int rows, const float* x, Scratch& scratch) const {
    const auto width = static_cast<size_t>(inputs());
    scratch.bytes.resize(static_cast<size_t>(rows) * width);
    scratch.rows.resize(static_cast<size_t>(rows));
    for (size_t i = 0; i < scratch.rows.size(); ++i)
      scratch.rows[i] = kernels_.quantize(x + i * width, inputs(), scratch.bytes.data() + i * width);
  }

  void finishRows(int rows, const int32_t* sums, const Scratch& scratch, float* y) const {
    const ByteColumns columns{outputs(), steps_.data(), sums_.data(), bias_.data()};
    const auto finish = after_ == After::kAdd ? kernels_.finishAdding : kernels_.finish;
    for (int i = 0; i < rows; ++i) {
      const int64_t first = int64_t{i} * outputs();
      finish(sums + first, scratch.rows[static_cast<size_t>(i)], columns, y + first);
    }
  }

  const After after_;
  const Int8Kernels& kernels_;
  std::vector<float> steps_, sums_;
  const std::vector<float> bias_;
  memory weight_;
  ByRows<dnnl::matmul> products_;
  ByRows<dnnl::eltwise_forward> gelus_;
};

}  // namespace

std::unique_ptr<PackedLinear> makeInt8Linear(const cv::Mat& weight, const cv::Mat& bias, After after) {
  CV_Assert(weight.type() == CV_32F && bias.type() == CV_32F && bias.isContinuous() &&
            bias.total() == static_cast<size_t>(weight.rows));
  return std::make_unique<Int8Linear>(weight, bias, after);
}

}  // namespace cv::mixmim
