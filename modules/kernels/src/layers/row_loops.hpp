// The loops of kernels/layers.hpp over rows and single numbers, for the includer's instruction set
// (compiled_for.hpp).
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/layers.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

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
    float* sum = all.added ? all.sum + r * width : nullptr;
    const float nearly = share * (sum ? addRow(x, all.added + r * width, width, sum) : sumRow(x, width));
    if (sum) x = sum;
    Vec squares = {}, rest = {};
    for (int64_t c = 0; c < width; c += kLanes) {
      const Vec away = load(x + c) - splat(nearly);
      squares += away * away;
      rest += away;
    }
    // The sum of the differences corrects the rounding error of the first sum, because differences are small.
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

/// The standard normal distribution at x: its distribution function, and its density.
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

}  // namespace

}  // namespace cv::mixmim
