// The products of kernels/layers.hpp by a unit that multiplies tiles of bfloat16, for the includer's unit:
//   MIXMIM_TARGET  attribute of every function
//   kLanes         16
//   TileUnit       lives while tiles are used, and has
//     zero<t>(), load<t>(from, step), store<t>(to, step)   tile t of eight: 16 rows of 64 bytes; step in
//     bytes addProducts<sums, left, right>()   sums, of float32, += left * right: 16 x 32 by 32 x 16 bfloat16
// Included once per file, inside an unnamed namespace, after vectors.hpp and products.hpp.
//
// A float32 has three times the digits of a bfloat16, and is the sum of three of them, exactly. Of the nine
// products of such thirds the six that matter are added up, in float32: what is left out is at most 2^-24 of
// a product, as much as float32 rounds. (Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial
// Intelligence Datatype For Higher-Precision Computations", 2019, arXiv 1904.06376.)
//
// Both sides are packed in panels of 32 lines, rows of the left side and columns of the right. A panel is a
// row of blocks, each of 32 numbers of every line, in six tiles: the thirds, from the highest on, of 16 lines
// and of the other 16. A word of a tile is two numbers that are 16 apart in their line; the left side has a
// line in each row, the right side in each column.

inline constexpr int kTileLines = 16;
inline constexpr int64_t kPanel = 2 * kTileLines, kBlockInner = 32;
inline constexpr int64_t kTileSize = 256, kBlockSize = 6 * kTileSize;  // in floats
static_assert(kLanes == kTileLines && kPanel == kPanelMultiple && kDeep % kBlockInner == 0);

/// Rows need not come in multiples: packing fills up.
inline constexpr int kRows = 1;

/// Of the left side, numbers of a line and lines that are packed at a time: they stay in the second cache.
inline constexpr int64_t kPackedInner = 512, kPackedRows = 256;

/// Numbers of an MLP's hidden layer that are computed at a time.
inline constexpr int64_t kHiddenNumbers = 65536;

inline int64_t blocksOf(int64_t inner) {
  return (inner + kBlockInner - 1) / kBlockInner;
}

inline int64_t packedSize(int64_t lines, int64_t inner) {
  return (lines + kPanel - 1) / kPanel * blocksOf(inner) * kBlockSize;
}

/// Where the block begins whose numbers of every line start at `inner`.
inline int64_t blockAt(int64_t inner) {
  return inner / kBlockInner * kBlockSize;
}

template <int kSize, int... kLane>
MIXMIM_TARGET inline Vec firstExchanged(Vec a, Vec b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, ((kLane & kSize) ? kLane - kSize + kLanes : kLane)...);
}

template <int kSize, int... kLane>
MIXMIM_TARGET inline Vec secondExchanged(Vec a, Vec b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, ((kLane & kSize) ? kLane + kLanes : kLane + kSize)...);
}

/// Exchanges, in every 2 x 2 of squares of kSize numbers, the two that are off the diagonal.
template <int kSize>
MIXMIM_TARGET inline void exchangeSquares(Vec* rows) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>();
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if (i & kSize) continue;
    const Vec a = rows[i], b = rows[i + kSize];
    rows[i] = firstExchanged<kSize>(a, b, kAll);
    rows[i + kSize] = secondExchanged<kSize>(a, b, kAll);
  }
}

MIXMIM_TARGET inline void transpose(Vec* rows) {
  exchangeSquares<8>(rows);
  exchangeSquares<4>(rows);
  exchangeSquares<2>(rows);
  exchangeSquares<1>(rows);
}

using WordVec __attribute__((vector_size(kLanes * 4))) = uint32_t;

/// The numbers rounded to bfloat16, in the upper halves of the words.
MIXMIM_TARGET inline WordVec rounded(Vec x) {
  return (reinterpret_cast<WordVec>(x) + 0x8000u) & 0xffff0000u;
}

MIXMIM_TARGET inline void storeWords(float* to, WordVec first, WordVec second) {
  store(to, reinterpret_cast<Vec>(first >> 16 | second));
}

/// The thirds of a and b, each third of both in one row of a tile. What is left for the lowest fits it
/// without rounding, and rounding would lose a NaN.
MIXMIM_TARGET inline void storeThirds(Vec a, Vec b, float* to) {
  for (int third = 0; third < 2; ++third, to += 2 * kTileSize) {
    const WordVec first = rounded(a), second = rounded(b);
    storeWords(to, first, second);
    a -= reinterpret_cast<Vec>(first);
    b -= reinterpret_cast<Vec>(second);
  }
  storeWords(to, reinterpret_cast<WordVec>(a), reinterpret_cast<WordVec>(b) & 0xffff0000u);
}

/// Lines of a matrix, of which one stands in a row of it or in a column.
struct Lines {
  const float* first;
  int64_t step;  // from row to row of the matrix
  int64_t count, inner;
};

/// The first `count` numbers, and zeros.
MIXMIM_TARGET inline Vec loadSome(const float* from, int64_t count) {
  float numbers[kLanes] = {};
  std::copy_n(from, count, numbers);
  return load(numbers);
}

/// Row i of the matrix where a tile's numbers begin, whose columns count from `begin`; zeros outside of it.
template <bool kWhole>
MIXMIM_TARGET inline Vec loadRow(const float* first, int64_t step, int64_t i, int64_t rows, int64_t columns) {
  if (kWhole) return load(first + i * step);
  if (i >= rows || columns <= 0) return Vec{};
  return columns >= kLanes ? load(first + i * step) : loadSome(first + i * step, columns);
}

/// What becomes of numbers before they are packed.
enum class Before { kNothing, kGelu };

template <Before kBefore>
MIXMIM_TARGET inline Vec prepared(Vec value) {
  return kBefore == Before::kGelu ? value * normal(value).below : value;
}

/// Where the sides differ: the left one has a line in each row of a tile.
enum class SideOf { kLeft, kRight };

/// At most 16 lines, at most 32 numbers of each.
template <SideOf kSide, bool kLineInColumn, Before kBefore, bool kWhole>
MIXMIM_TARGET inline void packTiles(const Lines& lines, float* to) {
  // Both halves of the inner numbers: beside each other where lines are rows, else one below the other.
  const float* second = lines.first + (kLineInColumn ? kTileLines * lines.step : kTileLines);
  const int64_t rows = kLineInColumn ? lines.inner : lines.count;
  const int64_t columns = kLineInColumn ? lines.count : lines.inner;
  const int64_t secondRows = kLineInColumn ? rows - kTileLines : rows;
  const int64_t secondColumns = kLineInColumn ? columns : columns - kTileLines;
  const auto loadFirst = [&](int i) MIXMIM_TARGET {
    return prepared<kBefore>(loadRow<kWhole>(lines.first, lines.step, i, rows, columns));
  };
  const auto loadSecond = [&](int i) MIXMIM_TARGET {
    return prepared<kBefore>(loadRow<kWhole>(second, lines.step, i, secondRows, secondColumns));
  };
  if constexpr ((kSide == SideOf::kLeft) == kLineInColumn) {
    Vec a[kTileLines], b[kTileLines];
    for (int i = 0; i < kTileLines; ++i) a[i] = loadFirst(i);
    transpose(a);
    for (int i = 0; i < kTileLines; ++i) b[i] = loadSecond(i);
    transpose(b);
    for (int i = 0; i < kTileLines; ++i) storeThirds(a[i], b[i], to + i * kTileLines);
  } else {
    for (int i = 0; i < kTileLines; ++i) storeThirds(loadFirst(i), loadSecond(i), to + i * kTileLines);
  }
}

/// All lines: packedSize(lines.count, lines.inner).
template <SideOf kSide, bool kLineInColumn, Before kBefore = Before::kNothing>
MIXMIM_TARGET inline void packLines(const Lines& lines, float* to) {
  const int64_t lineStep = kLineInColumn ? 1 : lines.step, innerStep = kLineInColumn ? lines.step : 1;
  for (int64_t panel = 0; panel < lines.count; panel += kPanel, to += blocksOf(lines.inner) * kBlockSize) {
    for (int64_t line = panel; line < panel + kPanel; line += kTileLines) {
      float* tiles = to + (line - panel) / kTileLines * kTileSize;
      for (int64_t i = 0; i < lines.inner; i += kBlockInner, tiles += kBlockSize) {
        const Lines part{lines.first + line * lineStep + i * innerStep, lines.step,
                         std::min<int64_t>(kTileLines, lines.count - line),
                         std::min<int64_t>(kBlockInner, lines.inner - i)};
        if (part.count == kTileLines && part.inner == kBlockInner)
          packTiles<kSide, kLineInColumn, kBefore, true>(part, tiles);
        else
          packTiles<kSide, kLineInColumn, kBefore, false>(part, tiles);
      }
    }
  }
}

/// Blocks of a left and a right panel that follow each other on both sides.
struct BlockPairs {
  const float *left, *right;
  int64_t count;
};

/// Tiles 0 to 3: the sums, of 16 lines of the left side after the other; 4 and 5: the left side; 6 and 7.
MIXMIM_TARGET inline void addFour(TileUnit& unit) {
  unit.addProducts<0, 4, 6>();
  unit.addProducts<1, 4, 7>();
  unit.addProducts<2, 5, 6>();
  unit.addProducts<3, 5, 7>();
}

MIXMIM_TARGET inline void loadLeft(TileUnit& unit, const float* third) {
  unit.load<4>(third, 64);
  unit.load<5>(third + kTileSize, 64);
}

MIXMIM_TARGET inline void loadRight(TileUnit& unit, const float* third) {
  unit.load<6>(third, 64);
  unit.load<7>(third + kTileSize, 64);
}

/// A tile towards the first cache.
MIXMIM_TARGET inline void fetch(const float* tile) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileLines; ++row) __builtin_prefetch(tile + row * kTileLines);
}

/// The six products of thirds that matter. Each differs from the one before in one side alone; the large one
/// is last, so that sums are still small when the others are rounded into them. Meanwhile the next block is
/// fetched, or what stands behind the last.
MIXMIM_TARGET inline void addBlocks(TileUnit& unit, const BlockPairs& pairs) {
  constexpr int64_t kMiddle = 2 * kTileSize, kLow = 4 * kTileSize;
  const float *left = pairs.left, *right = pairs.right;
  const auto addAndFetch = [&](int64_t tile) MIXMIM_TARGET {
    addFour(unit);
    fetch(left + kBlockSize + tile * kTileSize);
    fetch(right + kBlockSize + tile * kTileSize);
  };
  for (int64_t i = 0; i < pairs.count; ++i, left += kBlockSize, right += kBlockSize) {
    loadLeft(unit, left + kLow);
    loadRight(unit, right);
    addAndFetch(0);
    loadLeft(unit, left + kMiddle);
    addAndFetch(1);
    loadRight(unit, right + kMiddle);
    addAndFetch(2);
    loadLeft(unit, left);
    addAndFetch(3);
    loadRight(unit, right + kLow);
    addAndFetch(4);
    loadRight(unit, right);
    addAndFetch(5);
  }
}

/// A panel by a panel of the result.
struct Square {
  float* first;
  int64_t step;
  int64_t rows, columns;  // that count
};

/// What the sums start from: zeros, a row for all of them, or the result so far.
struct Start {
  const float* row;
  bool result;
};

MIXMIM_TARGET inline void startWhole(TileUnit& unit, const Start& start, const Square& to) {
  if (!start.row && !start.result) {
    unit.zero<0>();
    unit.zero<1>();
    unit.zero<2>();
    unit.zero<3>();
    return;
  }
  const float *upper = start.result ? to.first : start.row, *lower = upper;
  if (start.result) lower += kTileLines * to.step;
  const int64_t step = start.result ? to.step * 4 : 0;
  unit.load<0>(upper, step);
  unit.load<1>(upper + kTileLines, step);
  unit.load<2>(lower, step);
  unit.load<3>(lower + kTileLines, step);
}

MIXMIM_TARGET inline void finishWhole(TileUnit& unit, const Square& to) {
  float* lower = to.first + kTileLines * to.step;
  unit.store<0>(to.first, to.step * 4);
  unit.store<1>(to.first + kTileLines, to.step * 4);
  unit.store<2>(lower, to.step * 4);
  unit.store<3>(lower + kTileLines, to.step * 4);
}

MIXMIM_TARGET inline void multiplyWhole(TileUnit& unit, const BlockPairs* pairs, int64_t count,
                                        const Start& start, const Square& to) {
  startWhole(unit, start, to);
  for (int64_t i = 0; i < count; ++i) addBlocks(unit, pairs[i]);
  finishWhole(unit, to);
}

/// `to`, of which a part may lie outside of the result, from a left and a right panel whose blocks stand in
/// `count` places.
MIXMIM_TARGET inline void multiplyPanels(TileUnit& unit, const BlockPairs* pairs, int64_t count,
                                         const Start& start, const Square& to) {
  if (to.rows >= kPanel && to.columns >= kPanel) return multiplyWhole(unit, pairs, count, start, to);
  alignas(64) float room[kPanel * kPanel] = {};
  const int64_t rows = std::min(to.rows, kPanel), columns = std::min(to.columns, kPanel);
  for (int64_t r = 0; r < rows; ++r) {
    if (start.result) std::copy_n(to.first + r * to.step, columns, room + r * kPanel);
    if (start.row) std::copy_n(start.row, columns, room + r * kPanel);
  }
  multiplyWhole(unit, pairs, count, {nullptr, true}, {room, kPanel, kPanel, kPanel});
  for (int64_t r = 0; r < rows; ++r) std::copy_n(room + r * kPanel, columns, to.first + r * to.step);
}

MIXMIM_TARGET inline void packRightSide(const RightSide& side, float* to) {
  if (side.transposed)
    packLines<SideOf::kRight, false>({side.matrix, side.step, side.columns, side.inner}, to);
  else
    packLines<SideOf::kRight, true>({side.matrix, side.step, side.columns, side.inner}, to);
}

/// The left side is packed in `room`: leftRoom().
inline int64_t leftRoom(int64_t rows, int64_t inner) {
  return packedSize(std::min(rows, kPackedRows), std::min(inner, kPackedInner));
}

/// At most kPackedRows rows.
template <Before kBefore>
MIXMIM_TARGET inline void multiplyRows(TileUnit& unit, const RowProduct& all, float* room) {
  const int64_t rightStep = packedSize(kPanel, all.inner);
  for (int64_t first = 0; first < all.inner; first += kPackedInner) {
    const int64_t inner = std::min(kPackedInner, all.inner - first), blocks = blocksOf(inner);
    packLines<SideOf::kLeft, false, kBefore>({all.left + first, all.inner, all.rows, inner}, room);
    const float* right = all.right + blockAt(first);
    for (int64_t c = 0; c < all.columns; c += kPanel, right += rightStep) {
      const Start start{first == 0 && all.bias ? all.bias + c : nullptr, first > 0};
      for (int64_t r = 0; r < all.rows; r += kPanel) {
        const BlockPairs pairs{room + r / kPanel * blocks * kBlockSize, right, blocks};
        multiplyPanels(unit, &pairs, 1, start,
                       {all.out + r * all.outStep + c, all.outStep, all.rows - r, all.columns - c});
      }
    }
  }
}

MIXMIM_TARGET inline void multiplyInRoom(const RowProduct& all, float* room) {
  TileUnit unit;
  for (int64_t first = 0; first < all.rows; first += kPackedRows) {
    RowProduct part = all;
    part.rows = std::min(kPackedRows, all.rows - first);
    part.left += first * all.inner;
    part.out += first * all.outStep;
    if (all.gelu)
      multiplyRows<Before::kGelu>(unit, part, room);
    else
      multiplyRows<Before::kNothing>(unit, part, room);
  }
}

MIXMIM_TARGET inline void multiplyAll(const RowProduct& all, KernelScratch& scratch) {
  const int64_t size = leftRoom(all.rows, all.inner);
  scratch.reset(size, 1);
  multiplyInRoom(all, scratch.take(size));
}

MIXMIM_TARGET inline void multiply(const PackedProduct& all, float* room) {
  multiplyInRoom(
      {all.rows, all.inner, all.columns, all.left, false, all.right, all.start, all.out, all.columns}, room);
}

MIXMIM_TARGET inline void packRows(const PackedRows& all) {
  for (int64_t first = 0; first < all.rows; first += kDeep)
    packLines<SideOf::kRight, true>(
        {all.x + first * all.inputs, all.inputs, all.inputs, slabRows(all.rows, first)},
        all.packed + packedSize(all.inputs, first));
}

/// Slabs of rows whose products are added up before they go to the result.
inline constexpr int64_t kSlabs = kPackedInner / kDeep;

/// Adds to the gradient, from `rows` rows on from `first`, or starts it.
MIXMIM_TARGET inline void addWeightGradient(TileUnit& unit, const WeightGradient& all, int64_t first,
                                            int64_t rows, float* room) {
  const float* y = all.y + first * all.yStep;
  packLines<SideOf::kLeft, true>({y, all.yStep, all.outputs, rows}, room);
  addRows({rows, all.outputs, y, all.yStep}, all.bias);
  const int64_t leftStep = packedSize(kPanel, rows);
  for (int64_t c = 0; c < all.inputs; c += kPanel) {
    BlockPairs pairs[kSlabs];
    int64_t count = 0;
    for (int64_t slab = 0; slab < rows; slab += kDeep, ++count) {
      const int64_t deep = slabRows(rows, slab);
      const float* right = all.packedX + packedSize(all.inputs, first + slab) + packedSize(c, deep);
      pairs[count] = {room + blockAt(slab), right, blocksOf(deep)};
    }
    for (int64_t o = 0; o < all.outputs; o += kPanel) {
      multiplyPanels(unit, pairs, count, {nullptr, first > 0},
                     {all.weight + o * all.inputs + c, all.inputs, all.outputs - o, all.inputs - c});
      for (int64_t i = 0; i < count; ++i) pairs[i].left += leftStep;
    }
  }
}

MIXMIM_TARGET inline void weightGradient(const WeightGradient& all, KernelScratch& scratch) {
  TileUnit unit;
  const int64_t size = packedSize(all.outputs, kPackedInner);
  scratch.reset(size, 1);
  float* room = scratch.take(size);
  std::fill_n(all.bias, all.outputs, 0.f);
  if (all.rows == 0) std::fill_n(all.weight, all.outputs * all.inputs, 0.f);
  for (int64_t first = 0; first < all.rows; first += kPackedInner)
    addWeightGradient(unit, all, first, std::min(kPackedInner, all.rows - first), room);
}

inline int64_t sizeOfRows(int64_t rows, int64_t inputs) {
  return packedSize(inputs, rows);
}

inline int64_t sizeOfRightSide(int64_t inner, int64_t columns) {
  return packedSize(columns, inner);
}

/// Room for what addProducts() packs.
struct PackedSlab {
  static int64_t sizeX(int64_t inputs) { return packedSize(inputs, kDeep); }
  static int64_t sizeY(int64_t outputs) { return packedSize(outputs, kDeep); }
  float *x, *y;
};

MIXMIM_TARGET inline void addProducts(const Slab& all, const PackedSlab& packed) {
  TileUnit unit;
  addRows({all.rows, all.outputs, all.y, all.yStep}, all.bias);
  packLines<SideOf::kRight, true>({all.x, all.inputs, all.inputs, all.rows}, packed.x);
  packLines<SideOf::kLeft, true>({all.y, all.yStep, all.outputs, all.rows}, packed.y);
  const int64_t blocks = blocksOf(all.rows);
  for (int64_t c = 0; c < all.inputs; c += kPanel)
    for (int64_t o = 0; o < all.outputs; o += kPanel) {
      const BlockPairs pairs{packed.y + packedSize(o, all.rows), packed.x + packedSize(c, all.rows), blocks};
      multiplyPanels(unit, &pairs, 1, {nullptr, true},
                     {all.weight + o * all.inputs + c, all.inputs, all.outputs - o, all.inputs - c});
    }
}
