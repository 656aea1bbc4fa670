// Work on rows of tokens, cut into pieces that the host's threads take.
#pragma once

#include <algorithm>
#include <array>

#include <opencv2/core.hpp>

#include "products/one_dnn.hpp"

namespace cv::mixmim {

/// Rows in pieces of equal size, except for a smaller last one: at least one for each thread of OpenCV's
/// pool, and none so large that its intermediate results leave the cache.
class Rows {
 public:
  static constexpr int kLargestPiece = 256;
  static constexpr int kFewForThread = 128;

  Rows() = default;
  explicit Rows(int rows) : rows_(rows) {
    const int threads = std::max(1, cv::getNumThreads());
    const int least = (rows + kLargestPiece - 1) / kLargestPiece;
    const int pieces = (least + threads - 1) / threads * threads;  // nobody waits for the last one
    piece_ = (rows + pieces - 1) / pieces;
    few_ = rows / threads < kFewForThread;
  }

  /// Whether a thread has so few rows that it waits for the weights it multiplies them with.
  bool few() const { return few_; }

  int count() const { return rows_; }
  int largest() const { return piece_; }
  int smallest() const { return rows_ - (pieces() - 1) * piece_; }

  template <class Operation>
  void prepare(Operation& operation) const {
    operation.prepare(largest());
    operation.prepare(smallest());
  }

  /// body(first row, number of rows), from several threads.
  template <class Body>
  void forEach(const Body& body) const {
    cv::parallel_for_(cv::Range(0, pieces()), [&](const cv::Range& range) {
      const OneThread alone;
      for (int i = range.start; i < range.end; ++i) body(i * piece_, std::min(piece_, rows_ - i * piece_));
    });
  }

 private:
  int pieces() const { return (rows_ + piece_ - 1) / piece_; }

  int rows_ = 0, piece_ = 1;
  bool few_ = false;
};

}  // namespace cv::mixmim
