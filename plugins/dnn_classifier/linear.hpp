// The two operations that nearly all of a network's arithmetic is made of, ready for rows of tokens.
#pragma once

#include <opencv2/core.hpp>

#include "plugins/dnn_classifier/one_dnn.hpp"

namespace cv::mixmim {

/// y = x W^T + b, the weights packed for this processor.
/// Threads: operator() from several at once, each on rows of its own; prepare() alone.
class Linear {
 public:
  /// weight: M x K, bias: M numbers, CV_32F and continuous. Both are copied.
  Linear(const cv::Mat& weight, const cv::Mat& bias, After after);

  int inputs() const { return inputs_; }    ///< K
  int outputs() const { return outputs_; }  ///< M

  void prepare(int rows);

  /// x: rows x K -> y: rows x M, for a number of rows that was prepared.
  void operator()(int rows, const float* x, float* y) const;

 private:
  dnnl::matmul::primitive_desc plan(int rows, const dnnl::memory::desc& weight) const;

  struct Product {
    explicit Product(const dnnl::matmul::primitive_desc& plan)
        : matmul(plan), scratchpad(plan.scratchpad_desc()) {}
    dnnl::matmul matmul;
    dnnl::memory::desc scratchpad;
  };

  int inputs_, outputs_;
  After after_;
  dnnl::memory weight_, bias_;
  ByRows<Product> products_;
};

/// Every row to mean 0 and variance 1 (LayerNorm without gain and bias, which are in the next Linear).
/// Threads as Linear.
class RowNorm {
 public:
  explicit RowNorm(int width) : width_(width) {}

  int width() const { return width_; }

  void prepare(int rows);

  /// x -> y, rows x width each, for a number of rows that was prepared.
  void operator()(int rows, const float* x, float* y) const;

 private:
  struct Norm {
    explicit Norm(const dnnl::layer_normalization_forward::primitive_desc& plan)
        : norm(plan), scratchpad(plan.scratchpad_desc()) {}
    dnnl::layer_normalization_forward norm;
    dnnl::memory::desc scratchpad;
  };

  int width_;
  ByRows<Norm> norms_;
};

}  // namespace cv::mixmim
