#include "tokens/segment_attention.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

using Pattern = std::shared_ptr<const AttentionPattern>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class EfficientAttention final : public AttentionOperators {
 public:
  SegmentOutput forward(const SegmentInput& input) const override {
    const auto results = at::_efficient_attention_forward(
        input.q, input.k, input.v, maybe(input.bias), /*cu_seqlens_q=*/{}, /*cu_seqlens_k=*/{},
        /*max_seqlen_q=*/{}, /*max_seqlen_k=*/{}, /*dropout_p=*/0, kNoMask, /*compute_log_sumexp=*/true,
        input.scale);
    return {std::get<0>(results), std::get<1>(results), std::get<2>(results), std::get<3>(results)};
  }

  SegmentGradient backward(const SegmentInput& input, const SegmentOutput& output,
                           const at::Tensor& outGradient) const override {
    const bool sameLength = input.q.size(1) == input.k.size(1);
    const auto [q, k, v, bias] = at::_efficient_attention_backward(
        outGradient, input.q, input.k, input.v, maybe(input.bias), output.out, /*cu_seqlens_q=*/{},
        /*cu_seqlens_k=*/{}, input.q.size(1), input.k.size(1), output.logSums, /*dropout_p=*/0, output.seed,
        output.offset, kNoMask, /*bias_requires_grad=*/input.bias.defined(), input.scale,
        /*num_splits_key=*/1, /*window_size=*/{}, /*shared_storage_dqdkdv=*/sameLength);
    return {q, k, v, bias};
  }

 private:
  static constexpr int64_t kNoMask = 0;
  static std::optional<at::Tensor> maybe(const at::Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor) : std::nullopt;
  }
};

/// Where q, k and v of the segments stand: in qkv, B x L x 3C, or in queries, B x Lq x C, and B x Lk x 2C.
struct Inputs {
  Inputs(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads) {
    const bool packed = !keysValues.defined();
    const int64_t channels = packed ? queries.size(2) / 3 : queries.size(2);
    const at::Tensor keys = packed ? queries.narrow(2, channels, 2 * channels) : keysValues;
    const auto inHeads = [&](const at::Tensor& x) { return x.unflatten(2, {heads, channels / heads}); };
    q = inHeads(queries.narrow(2, 0, channels));
    k = inHeads(keys.narrow(2, 0, channels));
    v = inHeads(keys.narrow(2, channels, channels));
  }

  SegmentInput of(const Segment& segment, const at::Tensor& bias) const {
    SegmentInput input;
    input.q = q.narrow(1, segment.queryBegin, segment.queries());
    input.k = k.narrow(1, segment.keyBegin, segment.keys());
    input.v = v.narrow(1, segment.keyBegin, segment.keys());
    if (bias.defined()) input.bias = bias.unsqueeze(0).expand({q.size(0), -1, -1, -1});
    input.scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
    return input;
  }

  at::Tensor q, k, v;  ///< B x L x heads x d
};

/// Gradients of q, k and v beside each other, as the projection before wants them: B x n x 3C. Not copied
/// where the operator has put them there.
at::Tensor sideBySide(const std::vector<at::Tensor>& parts) {
  const at::Tensor& first = parts.front();
  const int64_t count = static_cast<int64_t>(parts.size()), channels = first.size(2) * first.size(3),
                line = count * channels;
  bool beside = first.stride(3) == 1 && first.stride(2) == first.size(3) && first.stride(1) == line &&
                first.stride(0) == line * first.size(1);
  for (int64_t i = 1; i < count; ++i)
    beside = beside && parts[i].is_alias_of(first) && parts[i].strides() == first.strides() &&
             parts[i].storage_offset() == first.storage_offset() + i * channels;
  if (!beside) return at::stack(parts, 2).flatten(2);
  return first.as_strided({first.size(0), first.size(1), line}, {line * first.size(1), line, 1},
                          first.storage_offset());
}

at::Tensor joined(const std::vector<at::Tensor>& segments) {
  return segments.size() == 1 ? segments.front() : at::cat(segments, 1);
}

/// Kernels count the numbers of a bias' gradient in 32 bits.
void checkBatch(const SegmentInput& input) {
  if (!input.bias.defined()) return;
  const int64_t perImage = input.bias.size(1) * input.bias.size(2) * ((input.bias.size(3) + 15) / 16 * 16),
                most = std::numeric_limits<int32_t>::max() / perImage;
  if (input.q.size(0) <= most) return;
  throw Error("data.batch",
              "expected at most " + std::to_string(most) + " images on a GPU with this model, got " +
                  std::to_string(input.q.size(0)),
              "a smaller --data.batch with --optim.accumulate trains the same");
}

/// Inputs: queries or qkv, keys and values or nothing, biases of the segments in a flat list or nothing.
struct AttendBySegments : torch::autograd::Function<AttendBySegments> {
  using Maybe = std::optional<at::Tensor>;

  /// Keeps what is no tensor until the backward pass.
  struct Held : torch::CustomClassHolder {
    Held(Pattern pairs, const AttentionOperators& how, int64_t count)
        : pattern(std::move(pairs)), operators(how), heads(count) {}
    std::vector<at::Tensor> biases(const at::Tensor& table, at::ScalarType type) const {
      if (!table.defined()) return std::vector<at::Tensor>(pattern->sight.segments.size());
      return pattern->index->biases(table, type);
    }
    Pattern pattern;
    const AttentionOperators& operators;
    int64_t heads;
  };

  static at::Tensor forward(AutogradContext* context, const at::Tensor& first, const Maybe& other,
                            const Maybe& biasTable, const c10::intrusive_ptr<Held>& held) {
    const at::Tensor second = other.value_or(at::Tensor()), table = biasTable.value_or(at::Tensor());
    const Inputs inputs(first, second, held->heads);
    const std::vector<Segment>& segments = held->pattern->sight.segments;
    const std::vector<at::Tensor> biases = held->biases(table, first.scalar_type());
    std::vector<at::Tensor> outs;
    variable_list saved{first, second, table, {}, {}, {}};
    for (size_t s = 0; s < segments.size(); ++s) {
      const SegmentInput input = inputs.of(segments[s], biases[s]);
      checkBatch(input);
      const SegmentOutput output = held->operators.forward(input);
      outs.push_back(output.out.flatten(2));
      saved[4] = output.seed, saved[5] = output.offset;
      saved.push_back(output.logSums);
    }
    saved[3] = joined(outs);
    context->save_for_backward(saved);
    context->saved_data["held"] = c10::IValue::make_capsule(held);
    return saved[3];
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto held = c10::static_intrusive_pointer_cast<Held>(context->saved_data["held"].toCapsule());
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &first = saved[0], &second = saved[1], &table = saved[2], &out = saved[3];
    const Inputs inputs(first, second, held->heads);
    const std::vector<Segment>& segments = held->pattern->sight.segments;
    const std::vector<at::Tensor> biases = held->biases(table, first.scalar_type());
    const auto ofSegment = [&](const at::Tensor& x, const Segment& segment) {
      return x.narrow(1, segment.queryBegin, segment.queries()).unflatten(2, inputs.q.sizes().slice(2));
    };
    const at::Tensor outGradient = gradients[0].contiguous();
    std::vector<at::Tensor> firsts, seconds, biasGradients;
    for (size_t s = 0; s < segments.size(); ++s) {
      const SegmentOutput output{ofSegment(out, segments[s]), saved[6 + s], saved[4], saved[5]};
      const SegmentGradient own = held->operators.backward(inputs.of(segments[s], biases[s]), output,
                                                           ofSegment(outGradient, segments[s]));
      firsts.push_back(second.defined() ? own.q.flatten(2) : sideBySide({own.q, own.k, own.v}));
      if (second.defined()) seconds.push_back(sideBySide({own.k, own.v}));
      if (table.defined()) biasGradients.push_back(own.bias.sum(0, false, table.scalar_type()));
    }
    return {joined(firsts),
            second.defined() ? joined(seconds) : at::Tensor(),
            table.defined() ? held->pattern->index->tableGradient(biasGradients) : at::Tensor(),
            {}};
  }
};

}  // namespace

const AttentionOperators& efficientAttention() {
  static const EfficientAttention kernels;
  return kernels;
}

at::Tensor attendBySegments(const at::Tensor& qkv, int64_t heads, const Pattern& pattern,
                            const at::Tensor& biasTable, const AttentionOperators& operators) {
  const auto held = c10::make_intrusive<AttendBySegments::Held>(pattern, operators, heads);
  const auto maybeTable = biasTable.defined() ? std::optional(biasTable) : std::nullopt;
  if (!pattern->listed) return AttendBySegments::apply(qkv.contiguous(), std::nullopt, maybeTable, held);
  const at::Tensor list = permuteTokens(qkv, *pattern->listed);
  return permuteTokens(AttendBySegments::apply(list, std::nullopt, maybeTable, held),
                       {pattern->listed->inverse, pattern->listed->order});
}

at::Tensor attendAcrossBySegments(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads,
                                  const Pattern& pattern, const AttentionOperators& operators) {
  const auto held = c10::make_intrusive<AttendBySegments::Held>(pattern, operators, heads);
  return AttendBySegments::apply(queries.contiguous(), keysValues.contiguous(), std::nullopt, held);
}

}  // namespace cv::mixmim
