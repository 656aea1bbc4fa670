#include "opencv2/mixmim/train/random.hpp"

#include <cmath>

namespace cv::mixmim {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

// Counter words: item (64 bits), epoch, then purpose in the upper 8 bits over the block number.
Rng::Rng(uint64_t seed, uint64_t item, uint32_t epoch, Purpose purpose)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      counter_{static_cast<uint32_t>(item), static_cast<uint32_t>(item >> 32), epoch,
               static_cast<uint32_t>(purpose) << 24} {}

uint32_t Rng::next() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    ++counter_[3];
    used_ = 0;
  }
  return block_[used_++];
}

double Rng::uniform() {
  const uint64_t high = next() >> 5, low = next() >> 6;  // 27 + 26 bits
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

double Rng::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

uint64_t Rng::below(uint64_t n) {
  const uint64_t rejected = (0 - n) % n;  // 2^64 mod n: drawing below it would favour small results
  for (;;) {
    const uint64_t high = next(), draw = (high << 32) | next();
    if (draw >= rejected) return draw % n;
  }
}

double Rng::normal() {
  constexpr double kTwoPi = 6.283185307179586476925;
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is never 0
  return radius * std::cos(kTwoPi * uniform());
}

double Rng::gamma(double shape) {
  if (shape < 1) {  // Gamma(a) = Gamma(a + 1) * U^(1/a)
    const double boost = std::pow(1.0 - uniform(), 1.0 / shape);
    return gamma(shape + 1) * boost;
  }
  const double d = shape - 1.0 / 3, c = 1.0 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(), v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    const double u = 1.0 - uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double Rng::beta(double a, double b) {
  const double x = gamma(a), y = gamma(b);
  if (x + y == 0) return uniform() * (a + b) < a ? 1 : 0;  // both underflowed: all weight is at the ends
  return x / (x + y);
}

}  // namespace cv::mixmim
