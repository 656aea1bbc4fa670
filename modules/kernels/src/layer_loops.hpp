// The loops of kernels/layers.hpp, for the includer's instruction set:
//   MIXMIM_TARGET  attribute of every function
//   kLanes         floats of a register (vectors.hpp)
//   kRows          rows of a product's tile; kRows * 2 sums stay in registers
// Included once per file, inside an unnamed namespace.

/// Returns the sum of a row.
MIXMIM_TARGET inline float addRow(const float* x, const float* added, int64_t width, float* sum) {
  Vec total = {};
  for (int64_t c = 0; c < width; c += kLanes) {
    const Vec value = load(x + c) + load(added + c);
    store(sum + c, value);
    total += value;
  }
  return sumOf(total);
}

MIXMIM_TARGET inline float sumRow(const float* x, int64_t width) {
  Vec total = {};
  for (int64_t c = 0; c < width; c += kLanes) total += load(x + c);
  return sumOf(total);
}

MIXMIM_TARGET inline void norm(const NormRows& all) {
  const int64_t width = all.width;
  const float share = 1 / static_cast<float>(width);
  for (int64_t r = 0; r < all.rows; ++r) {
    const float* x = all.x + r * width;
    float* sum = all.sum + r * width;
    const float nearly =
        share * (all.added ? addRow(x, all.added + r * width, width, sum) : sumRow(x, width));
    if (all.added) x = sum;
    Vec squares = {}, rest = {};
    for (int64_t c = 0; c < width; c += kLanes) {
      const Vec away = load(x + c) - splat(nearly);
      squares += away * away;
      rest += away;
    }
    // What a sum of many numbers of one sign has lost is found again in the differences, which are small.
    const float lost = share * sumOf(rest), mean = nearly + lost;
    const float inverse = 1 / std::sqrt(sumOf(squares) / static_cast<float>(all.degrees) + all.eps);
    float* out = all.out + r * width;
    for (int64_t c = 0; c < width; c += kLanes)
      store(out + c, (load(x + c) - splat(mean)) * splat(inverse) * load(all.gain + c) + load(all.bias + c));
    all.mean[r] = mean;
    all.inverse[r] = inverse;
  }
}

/// With h = (sum - mean) * inverse and g = out's gradient * gain, the gradient of the sum is
/// inverse * (g - mean(g) - h * mean(g * h)).
MIXMIM_TARGET inline void normRowBackward(const NormGradient& all, int64_t r) {
  const int64_t width = all.width;
  const float *sum = all.sum + r * width, *out = all.out + r * width;
  const Vec mean = splat(all.mean[r]), inverse = splat(all.inverse[r]);
  Vec total = {}, product = {};
  for (int64_t c = 0; c < width; c += kLanes) {
    const Vec g = load(out + c) * load(all.gain + c);
    total += g;
    product += g * (load(sum + c) - mean);
  }
  const float share = 1 / static_cast<float>(width);
  const Vec first = splat(share * sumOf(total)), second = splat(share * sumOf(product)) * inverse * inverse;
  float* x = all.x + r * width;
  const float* past = all.past ? all.past + r * width : nullptr;
  for (int64_t c = 0; c < width; c += kLanes) {
    const Vec g = load(out + c) * load(all.gain + c);
    const Vec gradient = inverse * (g - first - (load(sum + c) - mean) * second);
    store(x + c, past ? gradient + load(past + c) : gradient);
  }
}

MIXMIM_TARGET inline void normBackward(const NormGradient& all) {
  for (int64_t r = 0; r < all.rows; ++r) normRowBackward(all, r);
  for (int64_t c = 0; c < all.width; c += kLanes) {
    Vec gain = {}, bias = {};
    for (int64_t r = 0; r < all.rows; ++r) {
      const Vec out = load(all.out + r * all.width + c);
      bias += out;
      gain += out * (load(all.sum + r * all.width + c) - splat(all.mean[r])) * splat(all.inverse[r]);
    }
    store(all.gainParts + c, gain);
    store(all.biasParts + c, bias);
  }
}

/// Of a standard normal number, at x: how likely it is smaller, and its density.
struct Normal {
  Vec below, density;
};

/// `below` to 2e-7 of its value for |x| < 3, to 1e-6 beyond. Where a = |x|, below(-a) = e^(-a^2/2) * t * P(t)
/// with t = 1 / (1 + 0.27 a) and P of degree 8, fitted for the least relative error, 2.4e-8, up to a = 14.
MIXMIM_TARGET inline Normal normal(Vec x) {
  constexpr float kFit[] = {0.107720181f,   0.107550505f, 0.101759178f,  0.072240236f, 0.10739957f,
                            -0.0686211923f, 0.169291604f, -0.126255365f, 0.0289152955f};
  const Vec a = larger(x, -x), power = expOf(x * x * splat(-0.5f));
  const Vec t = splat(1.f) / (splat(1.f) + splat(0.27f) * a);
  Vec p = splat(kFit[8]);
#pragma GCC unroll 8
  for (int i = 7; i >= 0; --i) p = p * t + splat(kFit[i]);
  const Vec tail = power * t * p;
  return {x > splat(0.f) ? splat(1.f) - tail : tail, power * splat(0.39894228f)};
}

MIXMIM_TARGET inline void gelu(const float* x, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const Vec value = load(x + i);
    store(out + i, value * normal(value).below);
  }
}

MIXMIM_TARGET inline void geluBackward(const float* x, int64_t count, float* gradient, float* gelu) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const Vec value = load(x + i);
    const Normal at = normal(value);
    store(gradient + i, load(gradient + i) * (at.below + value * at.density));
    store(gelu + i, value * at.below);
  }
}

inline constexpr int64_t kPanel = 2 * kLanes;  // columns of x that a tile takes
inline constexpr int64_t kDeep =
    PackedRows::kSlab;  // rows packed at a time: a panel of x stays in the first cache
static_assert(kPanelMultiple % kPanel == 0);

/// rows x columns -> panels of kWide columns, row after row; 0 beyond the columns.
template <int64_t kWide>
MIXMIM_TARGET inline void pack(const float* from, int64_t step, int64_t rows, int64_t columns, float* to) {
  for (; columns >= kWide; columns -= kWide, from += kWide)
    for (int64_t r = 0; r < rows; ++r, to += kWide)
      for (int64_t c = 0; c < kWide; ++c) to[c] = from[r * step + c];
  if (columns == 0) return;
  for (int64_t r = 0; r < rows; ++r, to += kWide)
    for (int64_t c = 0; c < kWide; ++c) to[c] = c < columns ? from[r * step + c] : 0.f;
}

/// A tile of the gradient: kRows outputs by a panel of inputs.
struct Tile {
  const float *y, *x;
  int64_t yStep, xStep;  // from row to row
  int64_t rows;          // of both
  float* gradient;
  int64_t step, outputs, inputs;  // of them that count
};

MIXMIM_TARGET inline void addTile(const Tile& tile) {
  Vec sums[kRows][2] = {};
  for (int64_t r = 0; r < tile.rows; ++r) {
    const Vec left = load(tile.x + r * tile.xStep), right = load(tile.x + r * tile.xStep + kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Vec factor = splat(tile.y[r * tile.yStep + i]);
      sums[i][0] += factor * left;
      sums[i][1] += factor * right;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    float* to = tile.gradient + i * tile.step;
    if (i >= tile.outputs) continue;
    store(to, load(to) + sums[i][0]);
    if (tile.inputs > kLanes) store(to + kLanes, load(to + kLanes) + sums[i][1]);
  }
}

constexpr int64_t roundedUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// At most kDeep rows of x and y, and the gradients of weight and bias that they are added to.
struct Slab {
  int64_t rows, inputs, outputs;
  const float *x, *y;
  int64_t yStep;
  float *weight, *bias;
};

/// Adds the rows of y up, in four sums that need not wait for each other.
MIXMIM_TARGET inline void addRows(const Slab& all) {
  int64_t o = 0;
  for (; o + kLanes <= all.outputs; o += kLanes) {
    Vec sums[4] = {};
    int64_t r = 0;
    for (; r + 4 <= all.rows; r += 4)
      for (int k = 0; k < 4; ++k) sums[k] += load(all.y + (r + k) * all.yStep + o);
    for (; r < all.rows; ++r) sums[0] += load(all.y + r * all.yStep + o);
    store(all.bias + o, load(all.bias + o) + ((sums[0] + sums[1]) + (sums[2] + sums[3])));
  }
  for (; o < all.outputs; ++o)
    for (int64_t r = 0; r < all.rows; ++r) all.bias[o] += all.y[r * all.yStep + o];
}

/// Where tiles find the columns of a matrix.
struct Columns {
  const float* first;
  int64_t step;    // from row to row
  int64_t beside;  // from column to column, at multiples of what a tile takes
};

MIXMIM_TARGET inline void addTiles(const Slab& all, const Columns& x, const Columns& y) {
  Tile tile{};
  tile.yStep = y.step;
  tile.xStep = x.step;
  tile.rows = all.rows;
  tile.step = all.inputs;
  for (int64_t c = 0; c < all.inputs; c += kPanel) {
    for (int64_t o = 0; o < all.outputs; o += kRows) {
      tile.y = y.first + o * y.beside;
      tile.x = x.first + c * x.beside;
      tile.gradient = all.weight + o * all.inputs + c;
      tile.outputs = all.outputs - o;
      tile.inputs = all.inputs - c;
      addTile(tile);
    }
  }
}

/// Room for what addProducts() packs.
struct PackedSlab {
  static int64_t sizeX(int64_t inputs) { return kDeep * roundedUp(inputs, kPanel); }
  static int64_t sizeY(int64_t outputs) { return kDeep * roundedUp(outputs, kRows); }
  float *x, *y;
};

/// Whole tiles of rows that are in the first two caches anyway.
inline bool needsNoPacking(const Slab& all) {
  constexpr int64_t kNumbers = 16384;
  return all.outputs % kRows == 0 && all.inputs % kPanel == 0 && all.rows * all.inputs <= kNumbers;
}

/// Packs both sides where that pays.
MIXMIM_TARGET inline void addProducts(const Slab& all, const PackedSlab& packed) {
  addRows(all);
  if (needsNoPacking(all)) return addTiles(all, {all.x, all.inputs, 1}, {all.y, all.yStep, 1});
  pack<kPanel>(all.x, all.inputs, all.rows, all.inputs, packed.x);
  pack<kRows>(all.y, all.yStep, all.rows, all.outputs, packed.y);
  addTiles(all, {packed.x, kPanel, all.rows}, {packed.y, kRows, all.rows});
}

inline int64_t slabRows(int64_t rows, int64_t first) {
  return rows - first < kDeep ? rows - first : kDeep;
}

MIXMIM_TARGET inline void packRows(const PackedRows& all) {
  const int64_t width = paddedColumns(all.inputs);
  for (int64_t first = 0; first < all.rows; first += kDeep)
    pack<kPanel>(all.x + first * all.inputs, all.inputs, slabRows(all.rows, first), all.inputs,
                 all.packed + first * width);
}

MIXMIM_TARGET inline void weightGradient(const WeightGradient& all, KernelScratch& scratch) {
  const int64_t width = paddedColumns(all.inputs), sizeY = PackedSlab::sizeY(all.outputs);
  scratch.reset(sizeY, 1);
  float* packedY = scratch.take(sizeY);
  std::fill_n(all.weight, all.outputs * all.inputs, 0.f);
  std::fill_n(all.bias, all.outputs, 0.f);
  for (int64_t first = 0; first < all.rows; first += kDeep) {
    const Slab slab{slabRows(all.rows, first), all.inputs, all.outputs, nullptr,
                    all.y + first * all.yStep, all.yStep,  all.weight,  all.bias};
    addRows(slab);
    pack<kRows>(slab.y, slab.yStep, slab.rows, slab.outputs, packedY);
    addTiles(slab, {all.packedX + first * width, kPanel, slab.rows}, {packedY, kRows, slab.rows});
  }
}
