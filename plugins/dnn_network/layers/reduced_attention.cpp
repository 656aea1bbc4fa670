#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/attention.hpp"
#include "layers/fused_layer.hpp"
#include "layers/fused_layers.hpp"
#include "layers/row_products.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

namespace {

constexpr int kQueries = 256;  // of one task of a thread

class ReducedAttentionLayer final : public FusedLayer {
 public:
  explicit ReducedAttentionLayer(const LayerParams& params)
      : FusedLayer(params),
        kernel_(*attentionKernels().front()),
        query_(linearOf(params, 0, After::kStore)),
        reduction_(linearOf(params, 2, After::kStore)),
        pairs_(linearOf(params, 4, After::kStore)),
        projection_(linearOf(params, 6, After::kAdd)),
        norm_(query_->inputs(), epsilonOf(params)),
        keyNorm_(reduction_->outputs(), params.get<float>(fused::kKeyEpsilon)),
        heads_(params.get<int>(fused::kHeads)) {}

 private:
  bool inPlace() const override { return true; }

  int tokensOfKey() const { return reduction_->inputs() / query_->inputs(); }

  /// Throws, before memory is taken, where a batch has more rows than an int counts.
  Shapes internalShapes(const MatShape& x) const override {
    CV_Assert(wide(x[0]) * x[1] * heads_ <= std::numeric_limits<int>::max());
    const int rows = x[0] * x[1], keys = rows / tokensOfKey();
    return {cv::dnn::shape(rows, std::max(query_->inputs(), query_->outputs())),
            cv::dnn::shape(rows, query_->outputs()), cv::dnn::shape(keys, pairs_->outputs())};
  }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1]);
    rows_.prepare(norm_);
    rows_.prepare(*query_);
    rows_.prepare(*projection_);
    keys_ = Rows(rows_.count() / tokensOfKey());
    keys_.prepare(*reduction_);
    keys_.prepare(keyNorm_);
    keys_.prepare(*pairs_);
    perImage_ = keys_.count() / x[0];
    mask_.resize(static_cast<size_t>(paddedKeys(perImage_)));
    writeMask(perImage_, mask_.data());
  }

  /// The rows that were normed become those of what queries took, because keys are made by then.
  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>& internals) override {
    float *x = tokens.ptr<float>(), *normed = internals[0].ptr<float>(), *queries = internals[1].ptr<float>(),
          *pairs = internals[2].ptr<float>();
    project(x, normed, queries);
    reduce(normed, pairs);
    attend(queries, pairs, normed, tokens.size[0]);
    rows_.forEach([&](int first, int count) {
      (*projection_)(count, normed + wide(first) * projection_->inputs(),
                     x + wide(first) * projection_->outputs());
    });
  }

  void project(const float* x, float* normed, float* queries) const {
    const int width = norm_.width();
    rows_.forEach([&](int first, int count) {
      norm_(count, x + wide(first) * width, normed + wide(first) * width);
      (*query_)(count, normed + wide(first) * width, queries + wide(first) * query_->outputs());
    });
  }

  /// The tokens of a key follow each other.
  void reduce(const float* normed, float* pairs) const {
    keys_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * reduction_->outputs(), 1);
      float* keys = scratch.take(wide(count) * reduction_->outputs());
      (*reduction_)(count, normed + wide(first) * reduction_->inputs(), keys);
      keyNorm_(count, keys, keys);
      (*pairs_)(count, keys, pairs + wide(first) * pairs_->outputs());
    });
  }

  void attend(const float* queries, const float* pairs, float* attended, int images) const {
    const int tokens = rows_.count() / images, parts = (tokens + kQueries - 1) / kQueries;
    cv::parallel_for_(cv::Range(0, images * heads_ * parts), [&](const cv::Range& range) {
      for (int i = range.start; i < range.end; ++i) {
        const int image = i / (heads_ * parts), head = i / parts % heads_, first = i % parts * kQueries;
        const int64_t row = wide(image) * tokens + first;
        attendOne(queries + row * query_->outputs(), pairs + wide(image) * perImage_ * pairs_->outputs(),
                  attended + row * query_->outputs(), std::min(kQueries, tokens - first), head);
      }
    });
  }

  /// Attention of one head of some queries.
  void attendOne(const float* queries, const float* pairs, float* attended, int count, int head) const {
    thread_local KernelScratch scratch, room;
    room.reset(count, 1);
    const int width = query_->outputs(), dim = width / heads_;
    AttentionHead task{};
    task.queries = count;
    task.keys = perImage_;
    task.dim = dim;
    task.scale = 1;  // folded into the weights of the queries
    task.q = queries + wide(head) * dim;
    task.k = pairs + wide(head) * dim;
    task.v = task.k + width;
    task.qStep = task.outStep = width;
    task.kvStep = pairs_->outputs();
    task.bias = mask_.data();
    task.out = attended + wide(head) * dim;
    task.logSum = room.take(count);
    kernel_.forward(task, scratch);
  }

  const AttentionKernels& kernel_;
  const std::unique_ptr<PackedLinear> query_, reduction_, pairs_, projection_;
  RowNorm norm_, keyNorm_;
  const int heads_;
  std::vector<float> mask_;  // AttentionHead::bias of all queries
  Rows rows_, keys_;
  int perImage_ = 0;  // keys
};

}  // namespace

cv::Ptr<cv::dnn::Layer> makeReducedAttention(LayerParams& params) {
  return makeLayer<ReducedAttentionLayer>(params);
}

}  // namespace cv::mixmim
