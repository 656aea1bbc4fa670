#include "plugins/dnn_classifier/linear.hpp"

#include <cstring>

namespace cv::mixmim {

namespace {

constexpr float kEpsilon = 1e-5f;
constexpr int kTypicalRows = 64;  // the packing that suits them suits the others

/// oneDNN's interface takes what it only reads as void*, too.
dnnl::memory view(const dnnl::memory::desc& shape, const float* data) {
  return {shape, processor(), const_cast<float*>(data)};
}

}  // namespace

Linear::Linear(const cv::Mat& weight, const cv::Mat& bias, After after)
    : inputs_(weight.cols), outputs_(weight.rows), after_(after) {
  CV_Assert(weight.type() == CV_32F && weight.isContinuous() && bias.type() == CV_32F &&
            bias.isContinuous() && bias.total() == static_cast<size_t>(weight.rows));
  const OneThread alone;
  using Tag = dnnl::memory::format_tag;
  const dnnl::memory::dims sides{inputs_, outputs_};
  const auto packing = plan(kTypicalRows, {sides, dnnl::memory::data_type::f32, Tag::any}).weights_desc();
  weight_ = dnnl::memory(packing, processor());
  const dnnl::memory::desc asGiven(sides, dnnl::memory::data_type::f32, Tag::ba);
  dnnl::memory given = view(asGiven, weight.ptr<float>());
  dnnl::stream stream(processor());
  dnnl::reorder(given, weight_).execute(stream, given, weight_);
  stream.wait();
  bias_ = dnnl::memory(matrixOf(1, outputs_), processor());
  std::memcpy(bias_.get_data_handle(), bias.data, sizeof(float) * static_cast<size_t>(outputs_));
}

dnnl::matmul::primitive_desc Linear::plan(int rows, const dnnl::memory::desc& weight) const {
  return matmulOf(matrixOf(rows, inputs_), weight, matrixOf(1, outputs_), matrixOf(rows, outputs_), after_);
}

void Linear::prepare(int rows) {
  products_.prepare(rows, [&] { return plan(rows, weight_.get_desc()); });
}

void Linear::operator()(int rows, const float* x, float* y) const {
  const Product& product = products_.at(rows);
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, view(matrixOf(rows, inputs_), x)},
                                                  {DNNL_ARG_WEIGHTS, weight_},
                                                  {DNNL_ARG_BIAS, bias_},
                                                  {DNNL_ARG_DST, view(matrixOf(rows, outputs_), y)}};
  execute(product.matmul, arguments, product.scratchpad);
}

void RowNorm::prepare(int rows) {
  norms_.prepare(rows, [&] { return rowNormOf(matrixOf(rows, width_), kEpsilon); });
}

void RowNorm::operator()(int rows, const float* x, float* y) const {
  const Norm& norm = norms_.at(rows);
  const dnnl::memory::desc shape = matrixOf(rows, width_);
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, view(shape, x)},
                                                  {DNNL_ARG_DST, view(shape, y)}};
  execute(norm.norm, arguments, norm.scratchpad);
}

}  // namespace cv::mixmim
