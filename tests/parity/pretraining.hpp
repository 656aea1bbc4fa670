// The pretraining model of a golden file.
#pragma once

#include "network/encoder.hpp"
#include "objectives/decoder.hpp"
#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

/// The mask as bool, rows x columns of cells.
at::Tensor cellsOf(const cv::Mat& mask);
/// What is said of cells, said of a grid that divides each into factor x factor.
at::Tensor spread(const at::Tensor& cells, int64_t factor);
/// Mixing under a binary mask, B x S x S x 3: where `cells` is true, image B-1-i. Its own inverse.
at::Tensor mixCells(const at::Tensor& images, const at::Tensor& cells);

/// The model with the recipe's weights, and one step of it.
struct Pretraining {
  Pretraining(const Golden& file, const Config& settings);

  cv::Mat mask(int step) const;
  at::Tensor encode(const cv::Mat& mask, const at::Tensor& mixed, const Trace& trace = {}) const;
  at::Tensor views(const cv::Mat& mask, const at::Tensor& images, const Trace& trace) const;
  at::Tensor loss(int step) const;

  const Golden& golden;
  Config config;
  at::Device device;
  Plan plan;
  Weights weights;
  Encoder encoder;
  Decoder decoder;
};

}  // namespace cv::mixmim::parity
