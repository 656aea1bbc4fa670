// An MLP's loops, for the includer's instruction set; included after layer_loops.hpp. A few rows at a time
// pass through both layers, so that the hidden one, the widest of a Transformer, stays in the second cache.

/// inner x columns -> panels of kPanel columns, row after row; 0 beyond the columns.
MIXMIM_TARGET inline void packRightSide(const RightSide& side, float* to) {
  if (!side.transposed) {
    pack<kPanel>(side.matrix, side.columns, side.inner, side.columns, to);
    return;
  }
  for (int64_t first = 0; first < side.columns; first += kPanel)
    for (int64_t i = 0; i < side.inner; ++i)
      for (int64_t c = first; c < first + kPanel; ++c)
        *to++ = c < side.columns ? side.matrix[c * side.inner + i] : 0.f;
}

/// out = left * right + start. `rows` is a multiple of kRows.
struct PackedProduct {
  int64_t rows, inner, columns;
  const float *left, *right;
  const float* start;  // a row, or null
  float* out;
};

/// kRows rows of one panel.
MIXMIM_TARGET inline void multiplyTile(const PackedProduct& all, int64_t row, int64_t column) {
  const float* left = all.left + row * all.inner;
  const float* right = all.right + column * all.inner;
  const bool both = all.columns - column > kLanes;
  Vec begin[2] = {};
  if (all.start) begin[0] = load(all.start + column);
  if (all.start && both) begin[1] = load(all.start + column + kLanes);
  Vec sums[kRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) sums[r][0] = begin[0], sums[r][1] = begin[1];
  for (int64_t i = 0; i < all.inner; ++i) {
    const Vec first = load(right + i * kPanel), second = load(right + i * kPanel + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec factor = splat(left[r * all.inner + i]);
      sums[r][0] += factor * first;
      sums[r][1] += factor * second;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    float* to = all.out + (row + r) * all.columns + column;
    store(to, sums[r][0]);
    if (both) store(to + kLanes, sums[r][1]);
  }
}

MIXMIM_TARGET inline void multiply(const PackedProduct& all) {
  for (int64_t column = 0; column < all.columns; column += kPanel)
    for (int64_t row = 0; row < all.rows; row += kRows) multiplyTile(all, row, column);
}

/// The rows of a block: as many as leave three hidden layers in the second cache, and a multiple of kRows.
inline int64_t rowsOfBlock(int64_t hidden) {
  constexpr int64_t kNumbers = 16384;
  const int64_t most = kNumbers / hidden < kDeep ? kNumbers / hidden : kDeep;
  return most < kRows ? kRows : most / kRows * kRows;
}

/// `rows` of a matrix, followed by rows of zeros up to a multiple of kRows: itself, or a copy in `room`.
MIXMIM_TARGET inline const float* wholeTiles(const float* from, int64_t rows, int64_t width, float* room) {
  if (rows % kRows == 0) return from;
  std::copy_n(from, rows * width, room);
  std::fill(room + rows * width, room + roundedUp(rows, kRows) * width, 0.f);
  return room;
}

MIXMIM_TARGET inline void mlp(const MlpRows& all, KernelScratch& scratch) {
  const int64_t width = all.width, block = rowsOfBlock(all.hidden);
  scratch.reset(block * (all.hidden + 2 * width), 3);
  float *hidden = scratch.take(block * all.hidden), *lastX = scratch.take(block * width),
        *lastOut = scratch.take(block * width);
  for (int64_t first = 0; first < all.rows; first += block) {
    const int64_t rows = all.rows - first < block ? all.rows - first : block, tiles = roundedUp(rows, kRows);
    const float* x = wholeTiles(all.x + first * width, rows, width, lastX);
    float* out = tiles == rows ? all.out + first * width : lastOut;
    multiply({tiles, width, all.hidden, x, all.first, all.firstBias, hidden});
    gelu(hidden, tiles * all.hidden, hidden);
    multiply({tiles, all.hidden, width, hidden, all.second, all.secondBias, out});
    if (tiles != rows) std::copy_n(out, rows * width, all.out + first * width);
  }
}

/// The hidden layer is computed again.
MIXMIM_TARGET inline void mlpBackward(const MlpGradient& all, KernelScratch& scratch) {
  const int64_t width = all.width, block = rowsOfBlock(all.hidden);
  const int64_t widest = width < all.hidden ? all.hidden : width;
  const int64_t sizeX = PackedSlab::sizeX(widest), sizeY = PackedSlab::sizeY(widest);
  scratch.reset(block * (2 * all.hidden + 3 * width) + sizeX + sizeY, 7);
  float *hidden = scratch.take(block * all.hidden), *gradient = scratch.take(block * all.hidden),
        *lastX = scratch.take(block * width), *lastOut = scratch.take(block * width),
        *lastGradient = scratch.take(block * width);
  const PackedSlab packed{scratch.take(sizeX), scratch.take(sizeY)};
  std::fill_n(all.firstWeights, all.hidden * width, 0.f);
  std::fill_n(all.firstBiases, all.hidden, 0.f);
  std::fill_n(all.secondWeights, width * all.hidden, 0.f);
  std::fill_n(all.secondBiases, width, 0.f);
  for (int64_t first = 0; first < all.rows; first += block) {
    const int64_t rows = all.rows - first < block ? all.rows - first : block, tiles = roundedUp(rows, kRows);
    const float* x = wholeTiles(all.x + first * width, rows, width, lastX);
    const float* out = wholeTiles(all.out + first * width, rows, width, lastOut);
    float* xGradient = tiles == rows ? all.xGradient + first * width : lastGradient;
    multiply({tiles, width, all.hidden, x, all.first, all.firstBias, hidden});
    multiply({tiles, width, all.hidden, out, all.secondBack, nullptr, gradient});
    geluBackward(hidden, tiles * all.hidden, gradient, hidden);
    multiply({tiles, all.hidden, width, gradient, all.firstBack, nullptr, xGradient});
    addProducts({rows, width, all.hidden, x, gradient, all.hidden, all.firstWeights, all.firstBiases},
                packed);
    addProducts({rows, all.hidden, width, hidden, out, width, all.secondWeights, all.secondBiases}, packed);
    if (tiles != rows) std::copy_n(xGradient, rows * width, all.xGradient + first * width);
  }
}
