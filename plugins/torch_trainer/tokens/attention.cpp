#include "tokens/attention.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "compute/parallel.hpp"
#include "kernels/attention.hpp"
#include "tokens/segment_attention.hpp"

namespace cv::mixmim {

namespace {

using Pattern = std::shared_ptr<const AttentionPattern>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr float kHidden = -std::numeric_limits<float>::infinity();

/// All heads of all sequences of a batch, as the kernels want them: where they are in memory.
struct Layout {
  /// queries: B x Lq x C and keysValues: B x Lk x 2C, or qkv: B x L x 3C and nothing.
  Layout(const at::Tensor& first, const at::Tensor& second, int64_t headCount, const Sight& sight)
      : heads(headCount), listed_(sight.listed.empty() ? nullptr : sight.listed.data()) {
    const bool packed = !second.defined();
    batch = first.size(0);
    queryTokens = first.size(1);
    keyTokens = packed ? queryTokens : second.size(1);
    channels = packed ? first.size(2) / 3 : first.size(2);
    qStep = first.size(2);
    kvStep = packed ? qStep : second.size(2);
    q = first.data_ptr<float>();
    k = packed ? q + channels : second.data_ptr<float>();
    v = k + channels;
  }

  int64_t heads, batch, queryTokens, keyTokens, channels, qStep, kvStep;
  float *q, *k, *v;

  int dim() const { return static_cast<int>(channels / heads); }

  AttentionHead head(const Segment& segment, int64_t sequence, int64_t number) const {
    AttentionHead head{};
    head.queries = segment.queries();
    head.keys = segment.keys();
    head.dim = dim();
    head.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(head.dim)));
    head.q = q + queryOffset(segment, sequence, number, qStep);
    head.k = k + keyOffset(segment, sequence, number);
    head.v = v + keyOffset(segment, sequence, number);
    head.queryRows = listed_ ? listed_ + segment.queryBegin : nullptr;
    head.keyRows = listed_ ? listed_ + segment.keyBegin : nullptr;
    head.qStep = qStep;
    head.kvStep = kvStep;
    head.outStep = channels;
    return head;
  }

  int64_t queryOffset(const Segment& segment, int64_t sequence, int64_t number, int64_t step) const {
    return (sequence * queryTokens + begin(segment.queryBegin)) * step + number * dim();
  }
  int64_t keyOffset(const Segment& segment, int64_t sequence, int64_t number) const {
    return (sequence * keyTokens + begin(segment.keyBegin)) * kvStep + number * dim();
  }
  int64_t sumOffset(const Segment& segment, int64_t sequence, int64_t number) const {
    return (sequence * heads + number) * queryTokens + begin(segment.queryBegin);
  }

 private:
  /// Where a segment's rows begin; listed ones are counted from the start of the sequence.
  int64_t begin(int64_t first) const { return listed_ ? 0 : first; }

  const int32_t* listed_;
};

/// The position bias of one head between the tokens of a segment. Shared by all sequences of a batch.
class HeadBias {
 public:
  HeadBias(const AttentionPattern& pattern, const Segment& segment)
      : pattern_(pattern), segment_(segment), padded_(paddedKeys(segment.keys())) {}

  /// Rows for the kernels; without a bias a single row that only hides the padding.
  void gather(const at::Tensor& table, int64_t head) {
    const int64_t rows = pattern_.biased() ? segment_.queries() : 1;
    rows_.assign(static_cast<size_t>(rows * padded_), kHidden);
    if (!pattern_.biased()) {
      std::fill_n(rows_.begin(), segment_.keys(), 0.f);
      return;
    }
    column_.resize(static_cast<size_t>(table.size(0)));
    const float* numbers = table.data_ptr<float>() + head;
    for (size_t i = 0; i < column_.size(); ++i) column_[i] = numbers[static_cast<int64_t>(i) * table.size(1)];
    forEachPair([&](size_t pair, size_t row) { rows_[pair] = column_[row]; });
  }

  /// Writes the gradient of the table, whose rows are `stride` apart: the gradients of all pairs that share a
  /// number of it, added up.
  void scatter(const std::vector<float>& gradient, float* table, int64_t stride) {
    std::fill(column_.begin(), column_.end(), 0.f);
    forEachPair([&](size_t pair, size_t row) { column_[row] += gradient[pair]; });
    for (size_t i = 0; i < column_.size(); ++i) table[static_cast<int64_t>(i) * stride] = column_[i];
  }

  const float* data() const { return rows_.data(); }
  int64_t step() const { return pattern_.biased() ? padded_ : 0; }
  int64_t size() const { return segment_.queries() * padded_; }

 private:
  template <class Use>
  void forEachPair(Use use) const {
    const std::vector<int32_t>& place = pattern_.sight.place;
    for (int64_t i = 0; i < segment_.queries(); ++i) {
      const int from = place[static_cast<size_t>(segment_.queryBegin + i)] + pattern_.middle();
      for (int64_t j = 0; j < segment_.keys(); ++j)
        use(static_cast<size_t>(i * padded_ + j),
            static_cast<size_t>(from - place[static_cast<size_t>(segment_.keyBegin + j)]));
    }
  }

  const AttentionPattern& pattern_;
  Segment segment_;
  int64_t padded_;
  std::vector<float> rows_, column_;
};

/// Sequences of a batch, [first, end).
struct Sequences {
  int64_t first, end;
};

/// Calls work(segment, head, index of both, sequences) for every segment, head and sequence, on all threads.
/// The sequences come together where they share a bias, which is gathered for a call, and one by one
/// otherwise, because one head and one segment would keep one thread busy. The result of a call does not
/// depend on the number of threads.
template <class Work>
void forEachHead(const AttentionPattern& pattern, int64_t heads, int64_t batch, bool together, Work work) {
  const int64_t pairs = static_cast<int64_t>(pattern.sight.segments.size()) * heads;
  const int64_t calls = together ? 1 : batch, perCall = together ? batch : 1;
  parallelFor(pairs * calls, [&](int64_t i) {
    const int64_t pair = i / calls, first = i % calls * perCall;
    work(pattern.sight.segments[static_cast<size_t>(pair / heads)], pair % heads, pair,
         Sequences{first, first + perCall});
  });
}

const AttentionKernels& kernels() {
  static const AttentionKernels& fastest = *attentionKernels().front();
  return fastest;
}

using Maybe = std::optional<at::Tensor>;

Maybe maybe(const at::Tensor& tensor) {
  return tensor.defined() ? Maybe(tensor) : std::nullopt;
}

/// Inputs: first and second as in Layout, bias table or nothing.
struct Attend : torch::autograd::Function<Attend> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& first, const Maybe& other,
                            const Maybe& biasTable, int64_t heads, const Pattern& pattern) {
    const at::Tensor second = other.value_or(at::Tensor()), table = biasTable.value_or(at::Tensor());
    const Layout layout(first, second, heads, pattern->sight);
    const at::Tensor out = at::empty({layout.batch, layout.queryTokens, layout.channels}, first.options());
    const at::Tensor sums = at::empty({layout.batch, heads, layout.queryTokens}, first.options());
    forEachHead(*pattern, heads, layout.batch, table.defined(),
                [&](const Segment& segment, int64_t number, int64_t, Sequences sequences) {
                  HeadBias bias(*pattern, segment);
                  bias.gather(table, number);
                  for (int64_t b = sequences.first; b < sequences.end; ++b)
                    kernels().forward(headOf(layout, segment, b, number, bias, out, sums), scratch());
                });
    context->save_for_backward({first, second, table, out, sums});
    context->saved_data["heads"] = heads;
    context->saved_data["pattern"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(pattern));
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &first = saved[0], &second = saved[1], &table = saved[2];
    const int64_t heads = context->saved_data["heads"].toInt();
    const AttentionPattern& pattern =
        *c10::static_intrusive_pointer_cast<Held>(context->saved_data["pattern"].toCapsule())->pattern;
    const at::Tensor outGradient = gradients[0].contiguous();
    const at::Tensor firstGradient = at::empty_like(first);
    const at::Tensor secondGradient = second.defined() ? at::empty_like(second) : at::Tensor();
    const Layout layout(first, second, heads, pattern.sight),
        wanted(firstGradient, secondGradient, heads, pattern.sight);
    const auto parts = static_cast<int64_t>(pattern.sight.segments.size());
    const at::Tensor tableParts =
        table.defined() ? at::empty({parts, table.size(0), heads}, table.options()) : at::Tensor();
    forEachHead(pattern, heads, layout.batch, table.defined(),
                [&](const Segment& segment, int64_t number, int64_t index, Sequences sequences) {
                  HeadBias bias(pattern, segment);
                  bias.gather(table, number);
                  std::vector<float> biasGradient(table.defined() ? static_cast<size_t>(bias.size()) : 0);
                  for (int64_t b = sequences.first; b < sequences.end; ++b) {
                    AttentionHeadGradient gradient{};
                    gradient.out = outGradient.data_ptr<float>() +
                                   layout.queryOffset(segment, b, number, layout.channels);
                    gradient.q = wanted.q + layout.queryOffset(segment, b, number, layout.qStep);
                    gradient.k = wanted.k + layout.keyOffset(segment, b, number);
                    gradient.v = wanted.v + layout.keyOffset(segment, b, number);
                    gradient.bias = table.defined() ? biasGradient.data() : nullptr;
                    kernels().backward(headOf(layout, segment, b, number, bias, saved[3], saved[4]), gradient,
                                       scratch());
                  }
                  if (table.defined())
                    bias.scatter(
                        biasGradient,
                        tableParts.data_ptr<float>() + index / heads * table.size(0) * heads + number, heads);
                });
    return {firstGradient, secondGradient, table.defined() ? tableParts.sum(0) : at::Tensor(), {}, {}};
  }

 private:
  /// Keeps the pattern alive until the backward pass.
  struct Held : torch::CustomClassHolder {
    explicit Held(Pattern held) : pattern(std::move(held)) {}
    Pattern pattern;
  };

  static AttentionHead headOf(const Layout& layout, const Segment& segment, int64_t sequence, int64_t number,
                              const HeadBias& bias, const at::Tensor& out, const at::Tensor& sums) {
    AttentionHead head = layout.head(segment, sequence, number);
    head.bias = bias.data();
    head.biasStep = bias.step();
    head.out = out.data_ptr<float>() + layout.queryOffset(segment, sequence, number, layout.channels);
    head.logSum = sums.data_ptr<float>() + layout.sumOffset(segment, sequence, number);
    return head;
  }
};

bool kernelsCan(const at::Tensor& x, int64_t channels, int64_t heads) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && channels / heads % kHeadMultiple == 0;
}

/// B x windows x N x C -> B x (windows * h) x N x d: a window's heads are heads of the sequence, so that a
/// bias that differs from window to window is one for all images.
at::Tensor foldHeads(const at::Tensor& x, int64_t heads) {
  return x.unflatten(-1, {heads, x.size(-1) / heads}).transpose(2, 3).flatten(1, 2);
}

at::Tensor unfoldHeads(const at::Tensor& x, int64_t heads) {
  return x.unflatten(1, {-1, heads}).transpose(2, 3).flatten(-2).flatten(1, 2);
}

/// The bias by places: windows x h x N x N; windows is 1 where all have the same.
at::Tensor placeBias(const AttentionPattern& pattern, const at::Tensor& table) {
  const at::Tensor rows =
      pattern.places.unsqueeze(2) - pattern.places.unsqueeze(1) + pattern.middle();  // windows x N x N
  return table.index_select(0, rows.flatten()).unflatten(0, rows.sizes()).permute({0, 3, 1, 2});
}

/// What is added to the scores of `folded` heads, 1 x folded x N x N; undefined = nothing.
at::Tensor scoreBias(const AttentionPattern& pattern, const at::Tensor& table, int64_t heads,
                     int64_t folded) {
  at::Tensor bias = table.defined() ? placeBias(pattern, table) : at::Tensor();
  if (pattern.parties.defined()) {
    const at::Tensor apart = (pattern.parties.unsqueeze(2) != pattern.parties.unsqueeze(1)).unsqueeze(1);
    if (!bias.defined()) bias = at::zeros({1, heads, 1, 1}, apart.options().dtype(at::kFloat));
    bias = bias.masked_fill(apart, kHidden);
  }
  if (!bias.defined()) return bias;
  bias = bias.flatten(0, 1).unsqueeze(0);
  return bias.size(1) == folded ? bias : bias.repeat({1, folded / bias.size(1), 1, 1});
}

/// q, k, v: B x heads x N x d.
at::Tensor mixValues(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias) {
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1)));
  at::Tensor scores = at::matmul(q * scale, k.transpose(-2, -1));
  if (scores.scalar_type() == at::kBFloat16) scores = scores.to(at::kFloat);
  if (bias.defined()) scores = scores + bias;
  return at::matmul(scores.softmax(-1).to(v.scalar_type()), v);
}

at::Tensor attendAcrossPlainly(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads,
                               const AttentionPattern& pattern) {
  const auto parts = keysValues.chunk(2, -1);
  std::vector<at::Tensor> outs;
  for (const Segment& segment : pattern.sight.segments) {
    const auto folded = [&](const at::Tensor& x, int64_t begin, int64_t count) {
      return foldHeads(x.narrow(1, begin, count).unsqueeze(1), heads);
    };
    const auto keys = [&](const at::Tensor& x) { return folded(x, segment.keyBegin, segment.keys()); };
    outs.push_back(unfoldHeads(
        mixValues(folded(queries, segment.queryBegin, segment.queries()), keys(parts[0]), keys(parts[1]), {}),
        heads));
  }
  return outs.size() == 1 ? outs.front() : at::cat(outs, 1);
}

}  // namespace

at::Tensor attendPlainly(const at::Tensor& qkv, int64_t heads, const AttentionPattern& pattern,
                         const at::Tensor& biasTable) {
  const int64_t n = pattern.windows() ? pattern.sight.window.area() : qkv.size(1);
  const at::Tensor list = pattern.listed ? permuteTokens(qkv, *pattern.listed) : qkv;
  const auto parts = list.unflatten(1, {-1, n}).chunk(3, -1);  // B x windows x N x C each
  const at::Tensor bias = scoreBias(pattern, biasTable, heads, parts[0].size(1) * heads);
  const at::Tensor mixed = unfoldHeads(
      mixValues(foldHeads(parts[0], heads), foldHeads(parts[1], heads), foldHeads(parts[2], heads), bias),
      heads);
  if (!pattern.listed) return mixed;
  return permuteTokens(mixed, {pattern.listed->inverse, pattern.listed->order});
}

at::Tensor attend(const at::Tensor& qkv, int64_t heads, const Pattern& pattern, const at::Tensor& biasTable) {
  if (qkv.is_cuda()) return attendBySegments(qkv, heads, pattern, biasTable, efficientAttention());
  if (!kernelsCan(qkv, qkv.size(2) / 3, heads)) return attendPlainly(qkv, heads, *pattern, biasTable);
  return Attend::apply(qkv.contiguous(), std::nullopt, maybe(biasTable), heads, pattern);
}

at::Tensor attendAcross(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads,
                        const Pattern& pattern) {
  if (queries.is_cuda())
    return attendAcrossBySegments(queries, keysValues, heads, pattern, efficientAttention());
  if (!kernelsCan(queries, queries.size(2), heads))
    return attendAcrossPlainly(queries, keysValues, heads, *pattern);
  return Attend::apply(queries.contiguous(), maybe(keysValues.contiguous()), std::nullopt, heads, pattern);
}

at::Tensor attendAcross(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads) {
  return attendAcross(
      queries, keysValues, heads,
      std::make_shared<const AttentionPattern>(everyoneSees(queries.size(1), keysValues.size(1))));
}

}  // namespace cv::mixmim
