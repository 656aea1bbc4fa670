#include "products/one_dnn.hpp"

#include <vector>

#include "kernels/signals.hpp"

#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP
#include <omp.h>
#endif

namespace cv::mixmim {

namespace {

dnnl::primitive_attr attributes(const dnnl::post_ops& after = {}) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(after);
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

bool multipliesBytes() {
#if defined(__x86_64__)
  // An instruction set is a set of bits, which contains the bits of the older sets that it includes.
  const auto here = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto needed = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_vnni);
  return (here & needed) == needed;
#else
  return true;
#endif
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

dnnl::post_ops thenGelu() {
  dnnl::post_ops ops;
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0.f, 0.f);
#else
  ops.append_eltwise(1.f, dnnl::algorithm::eltwise_gelu_erf, 0.f, 0.f);
#endif
  return ops;
}

dnnl::post_ops thenAdd() {
  dnnl::post_ops ops;
  ops.append_sum(1.f);
  return ops;
}

dnnl::matmul::primitive_desc matmulOf(const dnnl::memory::desc& source, const dnnl::memory::desc& weight,
                                      const dnnl::memory::desc& result) {
#if DNNL_VERSION_MAJOR >= 3
  return {processor(), source, weight, result, attributes()};
#else
  return {{source, weight, result}, attributes(), processor()};
#endif
}

dnnl::matmul::primitive_desc matmulOf(const dnnl::memory::desc& source, const dnnl::memory::desc& weight,
                                      const dnnl::memory::desc& bias, const dnnl::memory::desc& result,
                                      const dnnl::post_ops& after) {
#if DNNL_VERSION_MAJOR >= 3
  return {processor(), source, weight, bias, result, attributes(after)};
#else
  return {{source, weight, bias, result}, attributes(after), processor()};
#endif
}

dnnl::eltwise_forward::primitive_desc geluOf(const dnnl::memory::desc& data) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kGelu = dnnl::algorithm::eltwise_gelu_erf;
#if DNNL_VERSION_MAJOR >= 3
  return {processor(), kKind, kGelu, data, data, 0.f, 0.f, attributes()};
#else
  return {{kKind, kGelu, data, 0.f, 0.f}, attributes(), processor()};
#endif
}

dnnl::layer_normalization_forward::primitive_desc rowNormOf(const dnnl::memory::desc& data, float epsilon) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kNoGain = dnnl::normalization_flags::none;
#if DNNL_VERSION_MAJOR >= 3
  return {processor(), kKind, data, data, epsilon, kNoGain, attributes()};
#else
  return {{kKind, data, epsilon, kNoGain}, attributes(), processor()};
#endif
}

dnnl::memory packed(const void* columns, const dnnl::memory::desc& packing) {
  const OneThread alone;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::memory::dims sides = packing.get_dims();
  const auto type = packing.get_data_type();
#else
  const dnnl::memory::dims sides = packing.dims();
  const auto type = packing.data_type();
#endif
  dnnl::memory given({sides, type, dnnl::memory::format_tag::ba}, processor(), const_cast<void*>(columns));
  dnnl::memory result(packing, processor());
  dnnl::stream stream(processor());
  dnnl::reorder(given, result).execute(stream, given, result);
  stream.wait();
  return result;
}

void execute(const dnnl::primitive& primitive, std::unordered_map<int, dnnl::memory>& arguments,
             const dnnl::memory::desc& scratchpad) {
  if (const size_t bytes = scratchpad.get_size())
    arguments[DNNL_ARG_SCRATCHPAD] = dnnl::memory(scratchpad, processor(), scratchOfThisThread(bytes));
  dnnl::stream& stream = streamOfThisThread();
  const SignalsHeldBack calm;
  primitive.execute(stream, arguments);
  stream.wait();
}

}  // namespace cv::mixmim
