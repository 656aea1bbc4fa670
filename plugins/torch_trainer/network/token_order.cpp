#include "network/token_order.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <numeric>

#include "compute/device.hpp"

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

at::Tensor onDevice(const Indices& indices, at::Device device) {
  return toDevice(at::tensor(indices, at::kLong), device);
}

Indices inverseOf(const Indices& order) {
  Indices inverse(order.size());
  for (size_t k = 0; k < order.size(); ++k) inverse[static_cast<size_t>(order[k])] = static_cast<int64_t>(k);
  return inverse;
}

/// One stage while its order is worked out, on the host.
class StageBuilder {
 public:
  StageBuilder(const Stage& stage, const Geometry& geometry, const cv::Mat& mask)
      : stage_(stage),
        factor_(stage.grid / geometry.cells),
        mask_(mask),
        order_(static_cast<size_t>(stage.tokens())) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) { return rank(a) < rank(b); });
  }

  const Indices& order() const { return order_; }

  /// For each token of the next stage its four, (0,0), (1,0), (0,1), (1,1) as (row, column).
  Indices mergeInto(const StageBuilder& next) const {
    const Indices position = inverseOf(order_);
    Indices four;
    for (const int64_t token : next.order_) {
      const int64_t corner = token / next.stage_.grid * 2 * stage_.grid + token % next.stage_.grid * 2;
      for (const int64_t member : {corner, corner + stage_.grid, corner + 1, corner + stage_.grid + 1})
        four.push_back(position[static_cast<size_t>(member)]);
    }
    return four;
  }

  AttentionPattern pattern(at::Device device, bool groups) const {
    AttentionPattern pattern;
    pattern.window = stage_.window;
    const int64_t n = stage_.windowTokens(), windows = stage_.tokens() / n;
    Indices places;
    std::vector<uint8_t> partners;
    for (const int64_t token : order_) {
      const int64_t y = token / stage_.grid % stage_.window, x = token % stage_.window;
      places.push_back(y * (2 * stage_.window - 1) + x);
      partners.push_back(partner(token));
    }
    pattern.place.assign(places.begin(), places.end());
    pattern.places = onDevice(places, device).reshape({windows, n});
    if (mask_.empty()) pattern.places = pattern.places.narrow(0, 0, 1);
    const bool split = groups && !mask_.empty();
    if (split)
      pattern.partner = toDevice(at::tensor(partners, at::kByte).to(at::kBool).reshape({windows, n}), device);
    for (int64_t first = 0; first < stage_.tokens(); first += n) {
      int64_t own = n;
      if (split) own -= std::accumulate(partners.begin() + first, partners.begin() + first + n, int64_t{0});
      for (const auto& [begin, end] : {std::pair{first, first + own}, {first + own, first + n}})
        if (begin < end) pattern.segments.push_back({begin, end, begin, end});
    }
    return pattern;
  }

 private:
  bool partner(int64_t token) const {
    if (mask_.empty()) return false;
    return mask_.at<uchar>(static_cast<int>(token / stage_.grid / factor_),
                           static_cast<int>(token % stage_.grid / factor_)) != 0;
  }

  /// Window, then group, then raster.
  std::tuple<int64_t, bool, int64_t> rank(int64_t token) const {
    const int64_t across = stage_.grid / stage_.window;
    const int64_t window = token / stage_.grid / stage_.window * across + token % stage_.grid / stage_.window;
    return {window, partner(token), token};
  }

  Stage stage_;
  int64_t factor_;
  cv::Mat mask_;
  Indices order_;
};

}  // namespace

Permutation permutation(const Indices& order, at::Device device) {
  return {onDevice(order, device), onDevice(inverseOf(order), device)};
}

at::Tensor permuteTokens(const at::Tensor& x, const Permutation& permutation) {
  return PermuteTokens::apply(x, permutation.order, permutation.inverse);
}

AttentionPattern everyoneSees(int64_t queries, int64_t keys) {
  AttentionPattern pattern;
  pattern.segments = {{0, queries, 0, keys}};
  return pattern;
}

TokenOrder::TokenOrder(const Geometry& geometry, const cv::Mat& mask, at::Device device, bool groups) {
  std::vector<StageBuilder> builders;
  for (const Stage& stage : geometry.stages) builders.emplace_back(stage, geometry, mask);
  for (size_t s = 0; s < builders.size(); ++s) {
    StageOrder stage;
    stage.raster = permutation(builders[s].order(), device);
    if (s + 1 < builders.size()) stage.merge = permutation(builders[s].mergeInto(builders[s + 1]), device);
    stage.pattern = std::make_shared<AttentionPattern>(builders[s].pattern(device, groups));
    stages.push_back(std::move(stage));
  }
}

}  // namespace cv::mixmim
