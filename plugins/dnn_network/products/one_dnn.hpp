// The little of oneDNN that the fused layers use, in one spelling for its versions 2 and 3.
#pragma once

#include <dnnl.hpp>
#include <map>
#include <unordered_map>

namespace cv::mixmim {

/// The processor as oneDNN's engine. Shared by all networks; never destroyed, because threads may outlive
/// static objects.
const dnnl::engine& processor();

/// Whether the processor multiplies 8-bit numbers faster than floats, and without overflow.
bool multipliesBytes();

/// A guard: while it lives, oneDNN works on the calling thread alone, because the loops around it are
/// cv::parallel_for_, and a second pool of threads would only get in their way. The host's own OpenMP setting
/// comes back afterwards.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

// Descriptions of arrays and operations. Scratchpads come from execute(), because oneDNN's own are not for
// several threads.

/// rows x columns in raster order.
dnnl::memory::desc matrixOf(int rows, int columns,
                            dnnl::memory::data_type type = dnnl::memory::data_type::f32);

/// rows x K times K x M.
dnnl::matmul::primitive_desc matmulOf(const dnnl::memory::desc& source, const dnnl::memory::desc& weight,
                                      const dnnl::memory::desc& result);
/// The same plus a bias of M numbers, and what comes after it.
dnnl::matmul::primitive_desc matmulOf(const dnnl::memory::desc& source, const dnnl::memory::desc& weight,
                                      const dnnl::memory::desc& bias, const dnnl::memory::desc& result,
                                      const dnnl::post_ops& after);
dnnl::post_ops thenGelu();
dnnl::post_ops thenAdd();  ///< to what the result held

dnnl::eltwise_forward::primitive_desc geluOf(const dnnl::memory::desc& data);

/// Every row of `data` to mean 0 and variance 1.
dnnl::layer_normalization_forward::primitive_desc rowNormOf(const dnnl::memory::desc& data, float epsilon);

/// `data` as oneDNN's memory. The const is cast away, because its interface has no type for read-only memory.
template <class Number>
dnnl::memory view(const dnnl::memory::desc& shape, const Number* data) {
  return {shape, processor(), const_cast<Number*>(data)};
}

/// A K x M matrix whose numbers stand column by column, packed as `packing` says.
dnnl::memory packed(const void* columns, const dnnl::memory::desc& packing);

/// Runs on the calling thread, to the end.
void execute(const dnnl::primitive& primitive, std::unordered_map<int, dnnl::memory>& arguments,
             const dnnl::memory::desc& scratchpad);

/// A primitive, and the scratchpad it needs, for each of a few numbers of rows.
template <class Primitive>
class ByRows {
 public:
  using Arguments = std::unordered_map<int, dnnl::memory>;

  /// plan() -> Primitive::primitive_desc is called for a number not seen before. Not while others run.
  template <class Plan>
  void prepare(int rows, const Plan& plan) {
    if (entries_.count(rows)) return;
    const OneThread alone;  // oneDNN plans for the threads it sees
    const auto planned = plan();
    entries_.emplace(rows, Entry{Primitive(planned), planned.scratchpad_desc()});
  }

  void run(int rows, Arguments arguments) const {
    const Entry& entry = entries_.at(rows);
    execute(entry.primitive, arguments, entry.scratchpad);
  }

 private:
  struct Entry {
    Primitive primitive;
    dnnl::memory::desc scratchpad;
  };

  std::map<int, Entry> entries_;
};

}  // namespace cv::mixmim
