#include "plugins/dnn_classifier/one_dnn.hpp"

#include <vector>

#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP
#include <omp.h>
#endif

namespace cv::mixmim {

namespace {

/// Scratchpads are handed in by execute(): oneDNN's own are not for several threads at once.
dnnl::primitive_attr attributes(After after) {
  dnnl::post_ops ops;
  if (after == After::kAdd) ops.append_sum(1.f);
#if DNNL_VERSION_MAJOR >= 3
  if (after == After::kGelu) ops.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0.f, 0.f);
#else
  if (after == After::kGelu) ops.append_eltwise(1.f, dnnl::algorithm::eltwise_gelu_erf, 0.f, 0.f);
#endif
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(ops);
  return attributes;
}

dnnl::stream& streamOfThisThread() {
  thread_local dnnl::stream stream(processor());
  return stream;
}

void* scratchOfThisThread(size_t bytes) {
  thread_local std::vector<char> scratch;
  constexpr size_t kAlignment = 64;
  if (scratch.size() < bytes + kAlignment) scratch.resize(bytes + kAlignment);
  void* first = scratch.data();
  size_t room = scratch.size();
  return std::align(kAlignment, bytes, first, room);
}

}  // namespace

const dnnl::engine& processor() {
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP
OneThread::OneThread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
}
OneThread::~OneThread() {
  omp_set_num_threads(before_);
}
#else
OneThread::OneThread() : before_(0) {}
OneThread::~OneThread() = default;
#endif

dnnl::memory::desc matrixOf(int rows, int columns, dnnl::memory::data_type type) {
  return {{rows, columns}, type, dnnl::memory::format_tag::ab};
}

dnnl::matmul::primitive_desc matmulOf(const dnnl::memory::desc& source, const dnnl::memory::desc& weight,
                                      const dnnl::memory::desc& bias, const dnnl::memory::desc& result,
                                      After after) {
#if DNNL_VERSION_MAJOR >= 3
  return {processor(), source, weight, bias, result, attributes(after)};
#else
  return {{source, weight, bias, result}, attributes(after), processor()};
#endif
}

dnnl::layer_normalization_forward::primitive_desc rowNormOf(const dnnl::memory::desc& data, float epsilon) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kNoGain = dnnl::normalization_flags::none;
#if DNNL_VERSION_MAJOR >= 3
  return {processor(), kKind, data, data, epsilon, kNoGain, attributes(After::kStore)};
#else
  return {{kKind, data, epsilon, kNoGain}, attributes(After::kStore), processor()};
#endif
}

void execute(const dnnl::primitive& primitive, std::unordered_map<int, dnnl::memory>& arguments,
             const dnnl::memory::desc& scratchpad) {
  if (const size_t bytes = scratchpad.get_size())
    arguments[DNNL_ARG_SCRATCHPAD] = dnnl::memory(scratchpad, processor(), scratchOfThisThread(bytes));
  dnnl::stream& stream = streamOfThisThread();
  primitive.execute(stream, arguments);
  stream.wait();
}

}  // namespace cv::mixmim
