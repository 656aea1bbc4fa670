// Sizes of tensors that may be missing, or of hostile shapes.
#pragma once

#include <string>

#include "pytorch/encoder_layout.hpp"

namespace cv::mixmim {

/// Sizes of tensors of a file, as far as they are there. Shapes must outlive it.
class TensorSizes {
 public:
  TensorSizes(const Shapes& shapes, const std::string& where) : shapes_(shapes), where_(where) {}

  bool has(const std::string& name) const { return shapes_.count(name) > 0; }
  const Shapes& all() const { return shapes_; }

  /// One side of a tensor of `rank` dimensions. Throws Error where there is none, or it is no positive int.
  int at(const std::string& name, size_t dimension, size_t rank) const;

  /// The side of a square of so many rows, rounded. Throws Error as at() does.
  int rootAt(const std::string& name, size_t dimension, size_t rank) const;

  /// Throws the Error of something that tensors do not say: `told` names the verbs and options that can.
  [[noreturn]] void fail(const std::string& what, const std::string& told) const;

 private:
  const Shapes& shapes_;
  std::string where_;
};

}  // namespace cv::mixmim
