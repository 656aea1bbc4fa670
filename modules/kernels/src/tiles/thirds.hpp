// How both sides of a product are packed for tiles: every float32 as three bfloat16. For the includer's
// instruction set (compiled_for.hpp), of 16 lanes.
//
// A float32 has three times the digits of a bfloat16, and is the sum of three of them, exactly. Six of the
// nine products of such thirds are added up, in float32, because the others are at most 2^-24 of a product,
// as much as float32 rounds. (Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial Intelligence
// Datatype For Higher-Precision Computations", 2019, arXiv 1904.06376.)
//
// Both sides are packed in panels of 32 lines, rows of the left side and columns of the right. A panel is a
// row of blocks, each of 32 numbers of every line, in six tiles: the thirds, from the highest on, of 16 lines
// and of the other 16. A word of a tile is two numbers that are 16 apart in their line; the left side has a
// line in each row, the right side in each column.
#pragma once

#include <algorithm>
#include <cstdint>

#include "squares.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

inline constexpr int kTileLines = 16;
inline constexpr int64_t kPanel = 2 * kTileLines, kBlockInner = 32;
inline constexpr int64_t kTileSize = 256, kBlockSize = 6 * kTileSize;  // in floats
static_assert(kLanes == kTileLines);

inline int64_t blocksOf(int64_t inner) {
  return (inner + kBlockInner - 1) / kBlockInner;
}

inline int64_t panelsOf(int64_t lines) {
  return (lines + kPanel - 1) / kPanel;
}

/// Numbers of memory that lines take.
inline int64_t packedSize(int64_t lines, int64_t inner) {
  return panelsOf(lines) * blocksOf(inner) * kBlockSize;
}

/// Where the block begins whose numbers of every line start at `inner`.
inline int64_t blockAt(int64_t inner) {
  return inner / kBlockInner * kBlockSize;
}

using WordVec __attribute__((vector_size(kLanes * 4))) = uint32_t;

/// The numbers rounded to bfloat16, in the upper halves of the words.
MIXMIM_TARGET inline WordVec rounded(Vec x) {
  return (reinterpret_cast<WordVec>(x) + 0x8000u) & 0xffff0000u;
}

MIXMIM_TARGET inline void storeWords(float* to, WordVec first, WordVec second) {
  store(to, reinterpret_cast<Vec>(first >> 16 | second));
}

/// The thirds of a and b, each third of both in one row of a tile. The lowest is not rounded, because the
/// remainder fits it exactly and rounding would lose a NaN.
MIXMIM_TARGET inline void storeThirds(Vec a, Vec b, float* to) {
  for (int third = 0; third < 2; ++third, to += 2 * kTileSize) {
    const WordVec first = rounded(a), second = rounded(b);
    storeWords(to, first, second);
    a -= reinterpret_cast<Vec>(first);
    b -= reinterpret_cast<Vec>(second);
  }
  storeWords(to, reinterpret_cast<WordVec>(a), reinterpret_cast<WordVec>(b) & 0xffff0000u);
}

/// Lines of a matrix: its rows, or its columns.
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

/// The numbers of row i of a matrix; zeros outside of it.
template <bool kWhole>
MIXMIM_TARGET inline Vec loadRow(const float* first, int64_t step, int64_t i, int64_t rows, int64_t columns) {
  if (kWhole) return load(first + i * step);
  if (i >= rows || columns <= 0) return Vec{};
  return columns >= kLanes ? load(first + i * step) : loadSome(first + i * step, columns);
}

/// A function applied to numbers before they are packed.
struct Unchanged {
  MIXMIM_TARGET static Vec of(Vec numbers) { return numbers; }
};

/// Where the sides differ: the left one has a line in each row of a tile.
enum class SideOf { kLeft, kRight };

/// At most 16 lines, at most 32 numbers of each.
template <SideOf kSide, bool kLineInColumn, class Prepared, bool kWhole>
MIXMIM_TARGET inline void packTiles(const Lines& lines, float* to) {
  // Both halves of the inner numbers: beside each other where lines are rows, else one below the other.
  const float* second = lines.first + (kLineInColumn ? kTileLines * lines.step : kTileLines);
  const int64_t rows = kLineInColumn ? lines.inner : lines.count;
  const int64_t columns = kLineInColumn ? lines.count : lines.inner;
  const int64_t secondRows = kLineInColumn ? rows - kTileLines : rows;
  const int64_t secondColumns = kLineInColumn ? columns : columns - kTileLines;
  const auto loadFirst = [&](int i) MIXMIM_TARGET {
    return Prepared::of(loadRow<kWhole>(lines.first, lines.step, i, rows, columns));
  };
  const auto loadSecond = [&](int i) MIXMIM_TARGET {
    return Prepared::of(loadRow<kWhole>(second, lines.step, i, secondRows, secondColumns));
  };
  if constexpr ((kSide == SideOf::kLeft) == kLineInColumn) {
    Vec a[kTileLines], b[kTileLines];
    for (int i = 0; i < kTileLines; ++i) a[i] = loadFirst(i);
    transposeSquare(a);
    for (int i = 0; i < kTileLines; ++i) b[i] = loadSecond(i);
    transposeSquare(b);
    for (int i = 0; i < kTileLines; ++i) storeThirds(a[i], b[i], to + i * kTileLines);
  } else {
    for (int i = 0; i < kTileLines; ++i) storeThirds(loadFirst(i), loadSecond(i), to + i * kTileLines);
  }
}

/// All lines: packedSize(lines.count, lines.inner).
template <SideOf kSide, bool kLineInColumn, class Prepared = Unchanged>
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
          packTiles<kSide, kLineInColumn, Prepared, true>(part, tiles);
        else
          packTiles<kSide, kLineInColumn, Prepared, false>(part, tiles);
      }
    }
  }
}

}  // namespace

}  // namespace cv::mixmim
