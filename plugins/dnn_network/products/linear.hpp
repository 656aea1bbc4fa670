// The two operations that nearly all of a network's arithmetic is made of, ready for rows of tokens.
#pragma once

#include <memory>

#include <opencv2/core.hpp>

#include "products/one_dnn.hpp"

namespace cv::mixmim {

/// The last step of a matrix product.
enum class After {
  kStore,
  kGelu,  ///< GELU(result), the exact one
  kAdd,   ///< added to what is there
};

/// y = x W^T + b, the weights packed for this processor.
/// Threads: operator() from several at once, each on rows of its own, or columns(), each for columns of its
/// own; prepare() alone.
class PackedLinear {
 public:
  virtual ~PackedLinear() = default;

  int inputs() const { return inputs_; }    ///< K
  int outputs() const { return outputs_; }  ///< M

  virtual void prepare(int rows) = 0;

  /// x: rows x K -> y: rows x M, for a number of rows that was prepared.
  virtual void operator()(int rows, const float* x, float* y) const = 0;

  /// Whether columns() is implemented.
  virtual bool dividesColumns() const { return false; }
  /// `count` columns of the whole y, from a multiple of kColumnMultiple on. Reads their weights only.
  virtual void columns(int first, int count, int rows, const float* x, float* y) const;
  static constexpr int kColumnMultiple = 32;

 protected:
  PackedLinear(int inputs, int outputs) : inputs_(inputs), outputs_(outputs) {}

 private:
  int inputs_, outputs_;
};

/// weight: M x K, bias: M numbers, CV_32F and continuous. Both are copied.
std::unique_ptr<PackedLinear> makeLinear(const cv::Mat& weight, const cv::Mat& bias, After after);

/// The same with products of 8-bit numbers. Every column of W^T has a scale of its own, every row of x a
/// scale and a least number, found when it comes. Where x spans the range r and a column of W^T has the
/// largest number m, what is multiplied is off by r / 510 and m / 254 at most.
std::unique_ptr<PackedLinear> makeInt8Linear(const cv::Mat& weight, const cv::Mat& bias, After after);

/// Every row to mean 0 and variance 1 (LayerNorm without gain and bias, which are in the next PackedLinear).
/// Threads as PackedLinear.
class RowNorm {
 public:
  /// `epsilon` is added to the variance.
  RowNorm(int width, float epsilon) : width_(width), epsilon_(epsilon) {}

  int width() const { return width_; }

  void prepare(int rows);

  /// x -> y, rows x width each, for a number of rows that was prepared.
  void operator()(int rows, const float* x, float* y) const;

 private:
  int width_;
  float epsilon_;
  ByRows<dnnl::layer_normalization_forward> norms_;
};

}  // namespace cv::mixmim
