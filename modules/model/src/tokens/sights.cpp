#include "tokens/sights.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "tokens/buckets.hpp"
#include "tokens/window_axis.hpp"

namespace cv::mixmim {

namespace {

/// The windows of a block on a grid.
class Windows {
 public:
  Windows(const MixedGrid& grid, const Block& block, bool groups)
      : grid_(grid),
        rows_(rowsOf(grid.size(), block)),
        columns_(columnsOf(grid.size(), block)),
        groups_(groups) {}

  using Party = std::tuple<int, int, bool>;  // piece of the window, row and column; whose token it is
  Party partyOf(int64_t token) const {
    return {rows_.pieceOf(grid_.row(token)), columns_.pieceOf(grid_.column(token)),
            groups_ && grid_.partner(token)};
  }

  int windowOf(int64_t token) const {
    const int across = columns_.grid / columns_.window;
    return rows_.windowOf(grid_.row(token)) * across + columns_.windowOf(grid_.column(token));
  }

  int placeOf(int64_t token) const {
    return rows_.placeOf(grid_.row(token)) * (2 * columns_.window - 1) +
           columns_.placeOf(grid_.column(token));
  }

  /// The tokens of a window follow each other in this count, and among them those of a party.
  int bucketOf(int64_t token) const {
    const auto [row, column, other] = partyOf(token);
    return ((windowOf(token) * 2 + row) * 2 + column) * 2 + other;
  }

 private:
  const MixedGrid& grid_;
  WindowAxis rows_, columns_;
  bool groups_;
};

/// Adds a segment for each run of tokens of a window that see each other. `tokens`: as listed.
void addSegments(Sight& sight, const std::vector<int64_t>& tokens, const Windows& windows) {
  const auto count = static_cast<int64_t>(tokens.size()), window = int64_t{sight.window.area()};
  const auto partyAt = [&](int64_t k) { return windows.partyOf(tokens[static_cast<size_t>(k)]); };
  for (int64_t begin = 0, end = 0; begin < count; begin = end) {
    const int64_t windowEnd = begin - begin % window + window;
    while (end < windowEnd && partyAt(end) == partyAt(begin)) ++end;
    sight.party.insert(sight.party.end(), static_cast<size_t>(end - begin),
                       static_cast<int32_t>(sight.segments.size()));
    sight.segments.push_back({begin, end, begin, end});
  }
  if (static_cast<int64_t>(sight.segments.size()) * window == count) sight.party.clear();
}

}  // namespace

int windowOf(const MixedGrid& grid, int64_t token, const Block& block) {
  return Windows(grid, block, /*groups=*/false).windowOf(token);
}

Sight windowSight(const MixedGrid& grid, const std::vector<int64_t>& order, const Block& block, bool groups) {
  const Windows windows(grid, block, groups);
  Sight sight;
  sight.meeting = block.meeting;
  sight.shifted = block.shifted();
  sight.window = block.window;
  sight.listed = byBuckets<int32_t>(
      order.size(), [&](int32_t position) { return windows.bucketOf(order[static_cast<size_t>(position)]); });
  std::vector<int64_t> tokens;
  for (const int32_t position : sight.listed) tokens.push_back(order[static_cast<size_t>(position)]);
  if (std::is_sorted(sight.listed.begin(), sight.listed.end())) sight.listed.clear();
  if (block.biased)
    for (const int64_t token : tokens) sight.place.push_back(windows.placeOf(token));
  addSegments(sight, tokens, windows);
  return sight;
}

Sight reducedSight(const std::vector<int64_t>& runs, const Block& block, bool classToken) {
  Sight sight;
  sight.meeting = block.meeting;
  const int64_t ofKey = int64_t{block.reduction} * block.reduction, more = classToken ? 1 : 0;
  int64_t query = 0, key = 0;
  for (const int64_t run : runs) {
    const int64_t queries = run + more, keys = run / ofKey + more;
    if (queries > 0) sight.segments.push_back({query, query + queries, key, key + keys});
    query += queries;
    key += keys;
  }
  return sight;
}

}  // namespace cv::mixmim
