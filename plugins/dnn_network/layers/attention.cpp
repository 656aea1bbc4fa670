#include <algorithm>
#include <limits>

#include "kernels/attention.hpp"
#include "layers/fused_layer.hpp"
#include "layers/fused_layers.hpp"
#include "layers/row_products.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

namespace {

class AttentionLayer final : public FusedLayer {
 public:
  explicit AttentionLayer(const LayerParams& params)
      : FusedLayer(params),
        kernel_(*attentionKernels().front()),
        qkv_(linearOf(params, 0, After::kStore)),
        projection_(linearOf(params, 2, After::kAdd)),
        norm_(qkv_->inputs(), epsilonOf(params)),
        heads_(params.get<int>(fused::kHeads)),
        rectangles_(params.blobs[5]),
        listed_(params.blobs[6]) {
    if (!params.blobs[4].empty()) keepTables(params.blobs[4]);
  }

 private:
  bool inPlace() const override { return true; }

  void keepTables(const cv::Mat& tables) {
    window_ = {(tables.size[2] + 1) / 2, (tables.size[1] + 1) / 2};
    tables_.create(heads_, static_cast<int>(tables.total() / heads_ + kKeyMultiple), CV_32F);
    tables_.setTo(0);
    tables.reshape(1, heads_).copyTo(tables_.colRange(0, tables_.cols - kKeyMultiple));
  }

  /// Throws, before memory is taken, where a batch has more rows or pieces than an int counts.
  Shapes internalShapes(const MatShape& x) const override {
    CV_Assert(wide(x[0]) * std::max(wide(x[1]), wide(rectangles_.rows) * heads_) <=
              std::numeric_limits<int>::max());
    const int rows = x[0] * x[1];
    return {cv::dnn::shape(rows, qkv_->outputs()), cv::dnn::shape(rows, projection_->inputs())};
  }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1]);
    rows_.prepare(norm_);
    rows_.prepare(*qkv_);
    rows_.prepare(*projection_);
    dividesColumns_ = dividesColumns(rows_, *qkv_, *projection_);
  }

  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>& internals) override {
    float *x = tokens.ptr<float>(), *qkv = internals[0].ptr<float>(), *attended = internals[1].ptr<float>();
    project(x, qkv);
    attend(qkv, attended, tokens.size[0], tokens.size[1]);
    projectBack(attended, x);
  }

  void project(const float* x, float* qkv) {
    const int width = norm_.width();
    if (dividesColumns_) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(rows_.count()) * width, 1);
      float* normed = scratch.take(wide(rows_.count()) * width);
      normAll(norm_, rows_, x, normed);
      return multiplyAll(*qkv_, rows_.count(), normed, qkv);
    }
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * width, 1);
      float* normed = scratch.take(wide(count) * width);
      norm_(count, x + wide(first) * width, normed);
      (*qkv_)(count, normed, qkv + wide(first) * qkv_->outputs());
    });
  }

  void projectBack(const float* attended, float* x) const {
    if (dividesColumns_) return multiplyAll(*projection_, rows_.count(), attended, x);
    rows_.forEach([&](int first, int count) {
      (*projection_)(count, attended + wide(first) * projection_->inputs(),
                     x + wide(first) * projection_->outputs());
    });
  }

  void attend(const float* qkv, float* attended, int images, int tokens) const {
    const int each = rectangles_.rows * heads_;
    cv::parallel_for_(cv::Range(0, images * each), [&](const cv::Range& range) {
      for (int i = range.start; i < range.end; ++i) {
        const int64_t image = wide(i / each) * tokens;
        attendOne(qkv + image * qkv_->outputs(), attended + image * projection_->inputs(), tokens,
                  rectangles_.ptr<int>(i % each / heads_), i % heads_);
      }
    });
  }

  /// Attention of one head in one piece of an image of `all` tokens.
  void attendOne(const float* qkv, float* attended, int all, const int* rectangle, int head) const {
    const int32_t* list = listed_.empty() ? nullptr : listed_.ptr<int32_t>(rectangle[0]);
    const int64_t tokens = wide(rectangle[1]) * rectangle[2], padded = paddedKeys(tokens),
                  rows = tables_.empty() ? 1 : tokens, sums = list ? all : tokens,
                  first = list ? 0 : rectangle[0];
    thread_local KernelScratch scratch, room;
    room.reset(rows * padded + sums + kKeyMultiple, 2);
    float *bias = room.take(rows * padded + kKeyMultiple), *logSums = room.take(sums);
    writeBias(rectangle, head, bias);
    const int width = projection_->inputs(), dim = width / heads_;
    const float* queries = qkv + first * qkv_->outputs() + wide(head) * dim;
    AttentionHead task{};
    task.queries = task.keys = tokens;
    task.dim = dim;
    task.scale = 1;  // folded into the weights of the queries
    task.q = queries;
    task.k = queries + width;
    task.v = queries + 2 * width;
    task.qStep = task.kvStep = qkv_->outputs();
    task.queryRows = task.keyRows = list;
    task.bias = bias;
    task.biasStep = tables_.empty() ? 0 : padded;
    task.out = attended + first * width + wide(head) * dim;
    task.outStep = width;
    task.logSum = logSums;
    kernel_.forward(task, scratch);
  }

  void writeBias(const int* rectangle, int head, float* bias) const {
    if (tables_.empty()) return writeMask(rectangle[1] * rectangle[2], bias);
    kernel_.relativeBias(tables_.ptr<float>(head),
                         {window_.width, window_.height, rectangle[1], rectangle[2]}, bias);
  }

  const AttentionKernels& kernel_;
  const std::unique_ptr<PackedLinear> qkv_, projection_;
  RowNorm norm_;
  const int heads_;
  cv::Size window_;
  cv::Mat tables_;  // of AttentionKernels::relativeBias, a row per head; empty where scores have no bias
  const cv::Mat rectangles_, listed_;  // Pieces, shared by all blocks that have them
  Rows rows_;
  bool dividesColumns_ = false;
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeAttention(LayerParams& params) {
  return makeLayer<AttentionLayer>(params);
}

}  // namespace cv::mixmim
