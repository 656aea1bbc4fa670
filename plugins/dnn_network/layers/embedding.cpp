#include "layers/embedding.hpp"

#include <algorithm>
#include <utility>

#include "layers/fused_layers.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

EmbeddingLayer::EmbeddingLayer(const LayerParams& params, std::unique_ptr<PackedLinear> projection)
    : FusedLayer(params),
      classTokens_(params.get<bool>(fused::kClassToken, false) ? 1 : 0),
      gains_(params.blobs[2].clone()),
      shifts_(params.blobs[3].clone()),
      projection_(std::move(projection)),
      norm_(projection_->outputs(), epsilonOf(params)) {}

MatShape EmbeddingLayer::outputShape(const MatShape& input) const {
  return cv::dnn::shape(input[0], gains_.rows, projection_->outputs());
}

void EmbeddingLayer::prepare(const MatShape& input) {
  rows_ = Rows(input[0] * tokens());
  rows_.prepare(*projection_);
  rows_.prepare(norm_);
}

void EmbeddingLayer::run(const cv::Mat& in, cv::Mat& out, std::vector<cv::Mat>&) {
  rows_.forEach([&](int first, int count) {
    KernelScratch& scratch = scratchOfThread();
    scratch.reset(wide(count) * (inputs() + projection_->outputs()), 2);
    float *room = scratch.take(wide(count) * inputs()),
          *results = scratch.take(wide(count) * projection_->outputs());
    (*projection_)(count, gathered(in, first, count, room), results);
    norm_(count, results, results);
    place(first, count, results, out);
  });
}

/// Gain and shift, to where the tokens belong; before the first of an image its class token.
void EmbeddingLayer::place(int first, int count, const float* normed, cv::Mat& out) const {
  const int width = gains_.cols;
  for (int i = first; i < first + count; ++i, normed += width) {
    const int image = i / tokens(), row = i % tokens() + classTokens_;
    float* to = out.ptr<float>(image, row);
    const float *gain = gains_.ptr<float>(row), *shift = shifts_.ptr<float>(row);
    for (int c = 0; c < width; ++c) to[c] = normed[c] * gain[c] + shift[c];
    if (i % tokens() == 0 && classTokens_ == 1)
      std::copy_n(shifts_.ptr<float>(0), width, out.ptr<float>(image, 0));
  }
}

}  // namespace cv::mixmim
