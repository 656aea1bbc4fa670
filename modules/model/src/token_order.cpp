#include "model/token_order.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace cv::mixmim {

namespace {

using Indices = std::vector<int64_t>;

/// How one axis of a grid is cut into shifted windows: each token's window, its place there, and its piece of
/// it. Without a shift a window is one piece.
struct Axis {
  int grid, window, shift;

  int rolled(int token) const { return (token - shift + grid) % grid; }
  int windowOf(int token) const { return rolled(token) / window; }
  int placeOf(int token) const { return rolled(token) % window; }
  int pieceOf(int token) const { return token < shift ? 1 : 0; }  // what was rolled over the border
};

/// The numbers from 0 to count by their buckets, and in their own order inside a bucket.
template <class Number, class BucketOf>
std::vector<Number> byBuckets(size_t count, BucketOf bucketOf) {
  std::vector<size_t> buckets(count), places;
  for (size_t i = 0; i < count; ++i) {
    buckets[i] = static_cast<size_t>(bucketOf(static_cast<Number>(i)));
    if (buckets[i] + 1 >= places.size()) places.resize(buckets[i] + 2);
    ++places[buckets[i] + 1];
  }
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<Number> sorted(count);
  for (size_t i = 0; i < count; ++i) sorted[places[buckets[i]]++] = static_cast<Number>(i);
  return sorted;
}

/// One stage while its order is worked out.
class StageBuilder {
 public:
  StageBuilder(const Stage& stage, const Plan& plan, const cv::Mat& mask)
      : stage_(stage), factor_(stage.grid.width / plan.cells.width), mask_(mask) {
    const Block inPlace = blockOf(/*shifted=*/false);
    order_ = byBuckets<int64_t>(static_cast<size_t>(stage.tokens()),
                                [&](int64_t token) { return 2 * windowOf(token, inPlace) + partner(token); });
  }

  const Indices& order() const { return order_; }

  /// For each token of the next stage those that become it.
  Indices mergeInto(const StageBuilder& next) const {
    const Indices position = inverseOf(order_);
    const int side = next.stage_.side, width = stage_.grid.width;
    const std::vector<cv::Point> members = mergingOrder(side);
    Indices merged;
    for (const int64_t token : next.order_) {
      const int64_t row = token / next.stage_.grid.width * side,
                    column = token % next.stage_.grid.width * side;
      for (const cv::Point& member : members)
        merged.push_back(position[static_cast<size_t>((row + member.y) * width + column + member.x)]);
    }
    return merged;
  }

  std::vector<Sight> sights(bool groups) const {
    std::vector<Sight> sights{sightOf(blockOf(false), groups)};
    const auto shifted = [](const Block& block) { return block.shifted(); };
    if (std::any_of(stage_.blocks.begin(), stage_.blocks.end(), shifted))
      sights.push_back(sightOf(blockOf(true), groups));
    return sights;
  }

 private:
  using Party = std::tuple<int, int, bool>;  // piece of the window, row and column; whose token it is

  /// A block of the stage. A stage without blocks is one window.
  Block blockOf(bool shifted) const {
    Block block{};
    block.window = stage_.grid;
    for (const Block& other : stage_.blocks)
      if (other.shifted() == shifted) return other;
    return block;
  }

  int row(int64_t token) const { return static_cast<int>(token / stage_.grid.width); }
  int column(int64_t token) const { return static_cast<int>(token % stage_.grid.width); }

  bool partner(int64_t token) const {
    return !mask_.empty() && mask_.at<uchar>(row(token) / factor_, column(token) / factor_) != 0;
  }

  Axis rows(const Block& block) const {
    return {stage_.grid.height, block.window.height, block.shift.height};
  }
  Axis columns(const Block& block) const {
    return {stage_.grid.width, block.window.width, block.shift.width};
  }

  int windowOf(int64_t token, const Block& block) const {
    const int across = stage_.grid.width / block.window.width;
    return rows(block).windowOf(row(token)) * across + columns(block).windowOf(column(token));
  }

  Party partyOf(int64_t token, const Block& block, bool groups) const {
    return {rows(block).pieceOf(row(token)), columns(block).pieceOf(column(token)), groups && partner(token)};
  }

  Sight sightOf(const Block& block, bool groups) const {
    Sight sight;
    sight.window = block.window;
    std::vector<int32_t> list(order_.size());  // positions in memory
    std::iota(list.begin(), list.end(), 0);
    if (block.shifted())
      sight.listed = list = byBuckets<int32_t>(order_.size(), [&](int32_t position) {
        const int64_t token = order_[static_cast<size_t>(position)];
        const auto [pieceRow, pieceColumn, other] = partyOf(token, block, groups);
        return ((windowOf(token, block) * 2 + pieceRow) * 2 + pieceColumn) * 2 + other;
      });
    for (const int32_t position : list) {
      const int64_t token = order_[static_cast<size_t>(position)];
      sight.place.push_back(rows(block).placeOf(row(token)) * (2 * block.window.width - 1) +
                            columns(block).placeOf(column(token)));
    }
    addSegments(sight, list, block, groups);
    return sight;
  }

  /// Adds a segment for each run of tokens of a window that see each other.
  void addSegments(Sight& sight, const std::vector<int32_t>& list, const Block& block, bool groups) const {
    const auto tokens = static_cast<int64_t>(list.size());
    const int64_t window = int64_t{block.window.width} * block.window.height;
    const auto partyAt = [&](int64_t k) {
      return partyOf(order_[static_cast<size_t>(list[static_cast<size_t>(k)])], block, groups);
    };
    for (int64_t begin = 0, end = 0; begin < tokens; begin = end) {
      const int64_t windowEnd = begin - begin % window + window;
      while (end < windowEnd && partyAt(end) == partyAt(begin)) ++end;
      sight.party.insert(sight.party.end(), static_cast<size_t>(end - begin),
                         static_cast<int32_t>(sight.segments.size()));
      sight.segments.push_back({begin, end, begin, end});
    }
    if (static_cast<int64_t>(sight.segments.size()) * window == tokens) sight.party.clear();
  }

  Stage stage_;
  int factor_;  // tokens per axis of a cell
  cv::Mat mask_;
  Indices order_;
};

/// Pieces of the windows along an axis, for every place of every window.
std::vector<int> piecesAlong(const Axis& axis) {
  std::vector<int> pieces(static_cast<size_t>(axis.grid));
  for (int token = 0; token < axis.grid; ++token)
    pieces[static_cast<size_t>(axis.rolled(token))] = axis.pieceOf(token);
  return pieces;
}

}  // namespace

cv::Mat shiftMask(const Stage& stage, const Block& block) {
  constexpr float kApart = -100;
  const std::vector<int> rows = piecesAlong({stage.grid.height, block.window.height, block.shift.height});
  const std::vector<int> columns = piecesAlong({stage.grid.width, block.window.width, block.shift.width});
  const cv::Size window = block.window;
  const int n = window.width * window.height;
  std::vector<std::pair<int, int>> pieces;  // window by window, in raster order
  for (int top = 0; top < stage.grid.height; top += window.height)
    for (int left = 0; left < stage.grid.width; left += window.width)
      for (int y = top; y < top + window.height; ++y)
        for (int x = left; x < left + window.width; ++x)
          pieces.emplace_back(rows[static_cast<size_t>(y)], columns[static_cast<size_t>(x)]);
  cv::Mat mask(stage.tokens(), n, CV_32F);
  for (int first = 0; first < mask.rows; first += n)
    for (int i = first; i < first + n; ++i)
      for (int j = 0; j < n; ++j) {
        const bool together =
            pieces[static_cast<size_t>(i)] == pieces[static_cast<size_t>(first) + static_cast<size_t>(j)];
        mask.at<float>(i, j) = together ? 0 : kApart;
      }
  return mask;
}

std::vector<int64_t> inverseOf(const std::vector<int64_t>& order) {
  std::vector<int64_t> inverse(order.size());
  for (size_t k = 0; k < order.size(); ++k) inverse[static_cast<size_t>(order[k])] = static_cast<int64_t>(k);
  return inverse;
}

std::vector<StageTokens> tokenOrder(const Plan& plan, const cv::Mat& mask, bool groups) {
  std::vector<StageBuilder> builders;
  for (const Stage& stage : plan.stages) builders.emplace_back(stage, plan, mask);
  std::vector<StageTokens> stages(builders.size());
  for (size_t s = 0; s < builders.size(); ++s) {
    stages[s].order = builders[s].order();
    if (s + 1 < builders.size()) stages[s].merge = builders[s].mergeInto(builders[s + 1]);
    stages[s].sights = builders[s].sights(groups);
  }
  return stages;
}

}  // namespace cv::mixmim
