#include "layers/fused_layers.hpp"

#include <mutex>

#include <opencv2/dnn.hpp>
#include <opencv2/dnn/shape_utils.hpp>

#include "kernels/attention.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"
#include "products/scratch.hpp"

namespace cv::mixmim {

namespace {

using cv::dnn::LayerParams;
using MatShape = decltype(cv::dnn::shape(cv::Mat()));  // of cv since OpenCV 5, of cv::dnn before
using Shapes = std::vector<MatShape>;

int64_t wide(int number) {
  return number;
}

/// Made of two blobs, the first of them `first`.
std::unique_ptr<PackedLinear> linearOf(const LayerParams& params, size_t first, After after) {
  const auto make = params.get<bool>(fused::kInt8, false) ? makeInt8Linear : makeLinear;
  return make(params.blobs[first], params.blobs[first + 1], after);
}

/// Whether threads share the columns of two products and not their rows: where rows are so few that each
/// thread would wait for the weights, which it reads all for them, and columns enough, as each packs all rows
/// for its own.
bool dividesColumns(const Rows& rows, const PackedLinear& first, const PackedLinear& second) {
  constexpr int kLeastForThread = 128;
  return rows.few() && first.dividesColumns() && second.dividesColumns() &&
         std::min(first.outputs(), second.outputs()) / std::max(1, cv::getNumThreads()) >= kLeastForThread;
}

/// All rows, columns divided among the threads.
void multiplyAll(const PackedLinear& linear, int rows, const float* x, float* y) {
  const int panels = (linear.outputs() + PackedLinear::kColumnMultiple - 1) / PackedLinear::kColumnMultiple;
  const int parts = std::min(panels, std::max(1, cv::getNumThreads()));
  cv::parallel_for_(cv::Range(0, parts), [&](const cv::Range& range) {
    for (int part = range.start; part < range.end; ++part) {
      const int first = panels * part / parts * PackedLinear::kColumnMultiple,
                end = panels * (part + 1) / parts * PackedLinear::kColumnMultiple;
      linear.columns(first, std::min(end, linear.outputs()) - first, rows, x, y);
    }
  });
}

void normAll(const RowNorm& norm, const Rows& rows, const float* x, float* normed) {
  rows.forEach([&](int first, int count) {
    const int64_t at = wide(first) * norm.width();
    norm(count, x + at, normed + at);
  });
}

/// What all of them share: one array in, one out.
class FusedLayer : public cv::dnn::Layer {
 public:
  explicit FusedLayer(const LayerParams& params) : cv::dnn::Layer(params) { blobs.clear(); }

  bool getMemoryShapes(const Shapes& given, const int, Shapes& results, Shapes& internals) const override {
    CV_Assert(given.size() == 1);
    results.assign(1, outputShape(given[0]));
    internals = internalShapes(given[0]);
    return inPlace();
  }

  void finalize(cv::InputArrayOfArrays given, cv::OutputArrayOfArrays) override {
    std::vector<cv::Mat> arrays;
    given.getMatVector(arrays);
    prepare(cv::dnn::shape(arrays[0]));
  }

  void forward(cv::InputArrayOfArrays given, cv::OutputArrayOfArrays results,
               cv::OutputArrayOfArrays internals) override {
    std::vector<cv::Mat> in, out, between;
    given.getMatVector(in);
    results.getMatVector(out);
    internals.getMatVector(between);
    if (inPlace() && in[0].data != out[0].data) in[0].copyTo(out[0]);
    run(in[0], out[0], between);
  }

 private:
  virtual MatShape outputShape(const MatShape& input) const { return input; }
  virtual Shapes internalShapes(const MatShape&) const { return {}; }
  virtual bool inPlace() const { return false; }
  virtual void prepare(const MatShape& input) = 0;
  virtual void run(const cv::Mat& in, cv::Mat& out, std::vector<cv::Mat>& internals) = 0;
};

class PatchEmbeddingLayer final : public FusedLayer {
 public:
  explicit PatchEmbeddingLayer(const LayerParams& params)
      : FusedLayer(params),
        patch_(params.get<int>("patch")),
        gains_(params.blobs[2].clone()),
        shifts_(params.blobs[3].clone()),
        positions_(params.blobs[4].clone()),
        projection_(makeLinear(params.blobs[0], params.blobs[1], After::kStore)),
        norm_(projection_->outputs()) {}

 private:
  MatShape outputShape(const MatShape& input) const override {
    return cv::dnn::shape(input[0], gains_.rows, projection_->outputs());
  }

  void prepare(const MatShape& input) override {
    rows_ = Rows(input[0] * gains_.rows);
    rows_.prepare(*projection_);
    rows_.prepare(norm_);
  }

  void run(const cv::Mat& images, cv::Mat& tokens, std::vector<cv::Mat>&) override {
    const int perImage = gains_.rows, width = projection_->outputs();
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * projection_->inputs(), 1);
      float* pixels = scratch.take(wide(count) * projection_->inputs());
      for (int i = 0; i < count; ++i)
        takePatch(images, (first + i) / perImage, positions_.at<int>((first + i) % perImage),
                  pixels + wide(i) * projection_->inputs());
      float* out = tokens.ptr<float>() + wide(first) * width;
      (*projection_)(count, pixels, out);
      norm_(count, out, out);
      for (int i = 0; i < count; ++i) applyAffine((first + i) % perImage, out + wide(i) * width);
    });
  }

  /// The p x p pixels of a patch, channel by channel, as the convolution's weights expect them.
  void takePatch(const cv::Mat& images, int image, int position, float* to) const {
    const int side = images.size[3], grid = side / patch_;
    const int x = position % grid * patch_, y = position / grid * patch_;
    for (int channel = 0; channel < 3; ++channel) {
      const float* from = images.ptr<float>(image, channel) + wide(y) * side + x;
      for (int row = 0; row < patch_; ++row, to += patch_, from += side) std::copy_n(from, patch_, to);
    }
  }

  void applyAffine(int token, float* row) const {
    const float *gain = gains_.ptr<float>(token), *shift = shifts_.ptr<float>(token);
    for (int c = 0; c < gains_.cols; ++c) row[c] = row[c] * gain[c] + shift[c];
  }

  const int patch_;
  const cv::Mat gains_, shifts_, positions_;
  const std::unique_ptr<PackedLinear> projection_;
  RowNorm norm_;
  Rows rows_;
};

class AttentionLayer final : public FusedLayer {
 public:
  explicit AttentionLayer(const LayerParams& params)
      : FusedLayer(params),
        kernel_(*attentionKernels().front()),
        qkv_(linearOf(params, 0, After::kStore)),
        projection_(linearOf(params, 2, After::kAdd)),
        norm_(qkv_->inputs()),
        heads_(params.blobs[4].size[0]),
        side_((params.blobs[4].size[1] + 1) / 2),
        tables_(heads_, static_cast<int>(params.blobs[4].total() / heads_ + kKeyMultiple), CV_32F, 0.f) {
    params.blobs[4].reshape(1, heads_).copyTo(tables_.colRange(0, tables_.cols - kKeyMultiple));
  }

 private:
  bool inPlace() const override { return true; }

  Shapes internalShapes(const MatShape& x) const override {
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
    attend(qkv, attended, tokens.size[0] * tokens.size[1] / (side_ * side_));
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

  void attend(const float* qkv, float* attended, int windows) const {
    cv::parallel_for_(cv::Range(0, windows * heads_), [&](const cv::Range& range) {
      for (int i = range.start; i < range.end; ++i) attendOne(qkv, attended, i / heads_, i % heads_);
    });
  }

  void attendOne(const float* qkv, float* attended, int window, int head) const {
    const int width = projection_->inputs(), dim = width / heads_;
    const int64_t tokens = wide(side_) * side_, padded = paddedKeys(tokens);
    thread_local KernelScratch scratch, room;
    room.reset(tokens * (padded + 1) + kKeyMultiple, 2);
    float *bias = room.take(tokens * padded + kKeyMultiple), *logSums = room.take(tokens);
    kernel_.relativeBias(tables_.ptr<float>(head), {side_, side_, side_, side_}, bias);
    const float* first = qkv + window * tokens * qkv_->outputs() + wide(head) * dim;
    AttentionHead task{};
    task.queries = task.keys = tokens;
    task.dim = dim;
    task.scale = 1;  // folded into the weights of the queries
    task.q = first;
    task.k = first + width;
    task.v = first + 2 * width;
    task.qStep = task.kvStep = qkv_->outputs();
    task.bias = bias;
    task.biasStep = padded;
    task.out = attended + window * tokens * width + wide(head) * dim;
    task.outStep = width;
    task.logSum = logSums;
    kernel_.forward(task, scratch);
  }

  const AttentionKernels& kernel_;
  const std::unique_ptr<PackedLinear> qkv_, projection_;
  RowNorm norm_;
  const int heads_, side_;
  cv::Mat tables_;  // of AttentionKernels::relativeBias, a row per head
  Rows rows_;
  bool dividesColumns_ = false;
};

class MlpLayer final : public FusedLayer {
 public:
  explicit MlpLayer(const LayerParams& params)
      : FusedLayer(params),
        fc1_(linearOf(params, 0, After::kGelu)),
        fc2_(linearOf(params, 2, After::kAdd)),
        norm_(fc1_->inputs()) {}

 private:
  bool inPlace() const override { return true; }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1]);
    rows_.prepare(norm_);
    rows_.prepare(*fc1_);
    rows_.prepare(*fc2_);
    dividesColumns_ = dividesColumns(rows_, *fc1_, *fc2_);
  }

  void run(const cv::Mat&, cv::Mat& tokens, std::vector<cv::Mat>&) override {
    if (dividesColumns_) return runAtOnce(tokens.ptr<float>());
    const int64_t width = norm_.width(), hiddenWidth = fc1_->outputs();
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(count * (width + hiddenWidth), 2);
      float* normed = scratch.take(count * width);
      float* hidden = scratch.take(count * hiddenWidth);
      float* x = tokens.ptr<float>() + first * width;
      norm_(count, x, normed);
      (*fc1_)(count, normed, hidden);
      (*fc2_)(count, hidden, x);
    });
  }

  void runAtOnce(float* x) const {
    const int64_t normedSize = wide(rows_.count()) * norm_.width(),
                  hiddenSize = wide(rows_.count()) * fc1_->outputs();
    KernelScratch& scratch = scratchOfThread();
    scratch.reset(normedSize + hiddenSize, 2);
    float *normed = scratch.take(normedSize), *hidden = scratch.take(hiddenSize);
    normAll(norm_, rows_, x, normed);
    multiplyAll(*fc1_, rows_.count(), normed, hidden);
    multiplyAll(*fc2_, rows_.count(), hidden, x);
  }

  const std::unique_ptr<PackedLinear> fc1_, fc2_;
  RowNorm norm_;
  Rows rows_;
  bool dividesColumns_ = false;
};

class MergingLayer final : public FusedLayer {
 public:
  explicit MergingLayer(const LayerParams& params)
      : FusedLayer(params),
        members_(params.blobs[2].clone()),
        reduction_(linearOf(params, 0, After::kStore)),
        norm_(reduction_->inputs()) {}

 private:
  MatShape outputShape(const MatShape& x) const override {
    return cv::dnn::shape(x[0], x[1] / 4, reduction_->outputs());
  }

  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0] * x[1] / 4);
    rows_.prepare(norm_);
    rows_.prepare(*reduction_);
  }

  void run(const cv::Mat& tokens, cv::Mat& merged, std::vector<cv::Mat>&) override {
    const int perImage = tokens.size[1] / 4, width = tokens.size[2];
    rows_.forEach([&](int first, int count) {
      KernelScratch& scratch = scratchOfThread();
      scratch.reset(wide(count) * 4 * width, 1);
      float* four = scratch.take(wide(count) * 4 * width);
      for (int i = 0; i < count * 4; ++i) {
        const int token = first + i / 4, image = token / perImage;
        const int member = members_.at<int>(token % perImage * 4 + i % 4);
        std::copy_n(tokens.ptr<float>(image, member), width, four + wide(i) * width);
      }
      norm_(count, four, four);
      (*reduction_)(count, four, merged.ptr<float>() + wide(first) * reduction_->outputs());
    });
  }

  const cv::Mat members_;
  const std::unique_ptr<PackedLinear> reduction_;
  RowNorm norm_;
  Rows rows_;
};

class PoolLayer final : public FusedLayer {
 public:
  using FusedLayer::FusedLayer;

 private:
  MatShape outputShape(const MatShape& x) const override { return cv::dnn::shape(x[0], x[2]); }

  void prepare(const MatShape& x) override {
    if (!norm_) norm_ = std::make_unique<RowNorm>(x[2]);
    norm_->prepare(x[1]);
  }

  void run(const cv::Mat& tokens, cv::Mat& means, std::vector<cv::Mat>&) override {
    const int perImage = tokens.size[1], width = tokens.size[2];
    Rows(tokens.size[0]).forEach([&](int first, int count) {
      cv::Mat normed(perImage, width, CV_32F);
      for (int i = first; i < first + count; ++i) {
        (*norm_)(perImage, tokens.ptr<float>(i), normed.ptr<float>());
        cv::reduce(normed, means.row(i), 0, cv::REDUCE_AVG);
      }
    });
  }

  std::unique_ptr<RowNorm> norm_;
};

class ClassifierLayer final : public FusedLayer {
 public:
  explicit ClassifierLayer(const LayerParams& params)
      : FusedLayer(params), linear_(makeLinear(params.blobs[0], params.blobs[1], After::kStore)) {}

 private:
  MatShape outputShape(const MatShape& x) const override { return cv::dnn::shape(x[0], linear_->outputs()); }
  void prepare(const MatShape& x) override {
    rows_ = Rows(x[0]);
    rows_.prepare(*linear_);
  }
  void run(const cv::Mat& features, cv::Mat& scores, std::vector<cv::Mat>&) override {
    rows_.forEach([&](int first, int count) {
      (*linear_)(count, features.ptr<float>(first), scores.ptr<float>(first));
    });
  }

  const std::unique_ptr<PackedLinear> linear_;
  Rows rows_;
};

/// The network keeps the parameters it made a layer from; the weights in them are no longer needed then.
template <class Made>
cv::Ptr<cv::dnn::Layer> makeLayer(LayerParams& params) {
  auto layer = cv::makePtr<Made>(params);
  params.blobs.clear();
  return layer;
}

}  // namespace

void registerFusedLayers() {
  static std::once_flag once;
  std::call_once(once, [] {
    using cv::dnn::LayerFactory;
    LayerFactory::registerLayer(fused::kPatchEmbedding, makeLayer<PatchEmbeddingLayer>);
    LayerFactory::registerLayer(fused::kAttention, makeLayer<AttentionLayer>);
    LayerFactory::registerLayer(fused::kMlp, makeLayer<MlpLayer>);
    LayerFactory::registerLayer(fused::kMerging, makeLayer<MergingLayer>);
    LayerFactory::registerLayer(fused::kPool, makeLayer<PoolLayer>);
    LayerFactory::registerLayer(fused::kClassifier, makeLayer<ClassifierLayer>);
  });
}

}  // namespace cv::mixmim
