#include "tokens/token_order.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace cv::mixmim {

namespace {

using Indices = std::vector<int64_t>;

struct PermuteTokens : torch::autograd::Function<PermuteTokens> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& order, const at::Tensor& inverse) {
    context->save_for_backward({inverse});
    return x.index_select(1, order);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0].index_select(1, context->get_saved_variables()[0]), {}, {}};
  }
};

Indices wide(const std::vector<int32_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

/// Whether every window has the numbers of the first.
bool repeats(const std::vector<int32_t>& numbers, int window) {
  return std::equal(numbers.begin() + window, numbers.end(), numbers.begin());
}

/// The rows of a position embedding, whose first is every class token's.
Indices embeddingRows(Indices rows, int64_t classTokens) {
  for (int64_t& row : rows) row = std::max<int64_t>(row - classTokens + 1, 0);
  return rows;
}

std::shared_ptr<const AttentionPattern> patternOf(const Sight& sight, IndexBlock& block, bool bySegments) {
  auto pattern = std::make_shared<AttentionPattern>();
  const int64_t n = sight.window.area();
  pattern->sight = sight;
  if (!sight.listed.empty()) pattern->listed = permutation(wide(sight.listed), block);
  if (bySegments) {
    if (pattern->biased()) pattern->index.emplace(sight, block);
    return pattern;
  }
  if (pattern->biased()) {
    pattern->places = block.add(wide(sight.place)).reshape({-1, n});
    if (repeats(sight.place, sight.window.area())) pattern->places = pattern->places.narrow(0, 0, 1);
  }
  if (!sight.party.empty()) pattern->parties = block.add(wide(sight.party)).reshape({-1, n});
  return pattern;
}

}  // namespace

Permutation permutation(const Indices& order, IndexBlock& block) {
  return {block.add(order), block.add(inverseOf(order))};
}

Permutation permutation(const Indices& order, at::Device device) {
  IndexBlock block(device, /*bytes=*/0);
  const Permutation sent = permutation(order, block);
  block.send();
  return sent;
}

at::Tensor permuteTokens(const at::Tensor& x, const Permutation& permutation) {
  return PermuteTokens::apply(x, permutation.order, permutation.inverse);
}

AttentionPattern everyoneSees(int64_t queries, int64_t keys) {
  AttentionPattern pattern;
  pattern.sight.segments = {{0, queries, 0, keys}};
  return pattern;
}

StageOrder::StageOrder(const StageTokens& tokens, IndexBlock& block, bool bySegments)
    : raster(permutation(tokens.order, block)),
      rows(raster),
      positions(raster.order),
      classTokens(tokens.classTokens) {
  if (classTokens > 0) {
    const Indices all = tokens.rows();
    rows = permutation(all, block);
    positions = block.add(embeddingRows(all, classTokens));
    runs = tokens.runs;
  }
  const auto count = static_cast<int64_t>(tokens.order.size());
  if (!tokens.neighbours.empty()) neighbours = block.add(tokens.neighbours).view({count, -1});
  if (!tokens.sources.empty()) sources = block.add(tokens.sources).view({count, -1});
  for (const Sight& sight : tokens.sights)
    patterns_.push_back(cv::mixmim::patternOf(sight, block, bySegments));
}

const std::shared_ptr<const AttentionPattern>& StageOrder::patternOf(const Block& block) const {
  return *std::find_if(patterns_.begin(), patterns_.end(),
                       [&](const auto& pattern) { return pattern->sight.serves(block); });
}

std::vector<StageOrder> stageOrders(const Plan& plan, const cv::Mat& mask, at::Device device, bool groups) {
  IndexBlock block(device);
  const std::vector<StageTokens> tokens = tokenOrder(plan, mask, groups);
  std::vector<StageOrder> orders;
  for (size_t s = 0; s < tokens.size(); ++s) {
    StageOrder& order = orders.emplace_back(tokens[s], block, /*bySegments=*/!device.is_cpu());
    if (s > 0 && !tokens[s - 1].merge.empty()) order.merge = permutation(tokens[s - 1].merge, block);
  }
  block.send();
  return orders;
}

}  // namespace cv::mixmim
