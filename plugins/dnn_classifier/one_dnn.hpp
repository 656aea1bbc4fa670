// The little of oneDNN that the fused layers use, in one spelling for its versions 2 and 3.
#pragma once

#include <dnnl.hpp>
#include <map>

namespace cv::mixmim {

/// The processor. Shared by all networks; never destroyed, as threads may outlive any other end.
const dnnl::engine& processor();

/// While it lives, oneDNN works on the calling thread alone: the loops around it are cv::parallel_for_, and a
/// second pool of threads would only get in their way. The host's own OpenMP setting comes back afterwards.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// What a matrix product does with its result.
enum class After {
  kStore,
  kGelu,  ///< GELU(result), the exact one
  kAdd,   ///< added to what is there
};

/// rows x K times K x M, plus a bias of M numbers.
dnnl::matmul::primitive_desc matmulOf(const dnnl::memory::desc& source, const dnnl::memory::desc& weight,
                                      const dnnl::memory::desc& bias, const dnnl::memory::desc& result,
                                      After after);

/// Every row of `data` to mean 0 and variance 1.
dnnl::layer_normalization_forward::primitive_desc rowNormOf(const dnnl::memory::desc& data, float epsilon);

/// rows x columns in raster order.
dnnl::memory::desc matrixOf(int rows, int columns,
                            dnnl::memory::data_type type = dnnl::memory::data_type::f32);

/// A primitive made for each of a few numbers of rows.
template <class Primitive>
class ByRows {
 public:
  /// make() is called for a number not seen before. Not while others run.
  template <class Make>
  void prepare(int rows, const Make& make) {
    if (primitives_.count(rows)) return;
    const OneThread alone;  // oneDNN plans for the threads it sees
    primitives_.emplace(rows, Primitive(make()));
  }
  const Primitive& at(int rows) const { return primitives_.at(rows); }

 private:
  std::map<int, Primitive> primitives_;
};

/// Runs on the calling thread and waits.
void execute(const dnnl::primitive& primitive, std::unordered_map<int, dnnl::memory>& arguments,
             const dnnl::memory::desc& scratchpad);

}  // namespace cv::mixmim
