// Random numbers that are computed, never carried: what a draw yields depends on its key alone, not on
// threads or order. Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

#include <opencv2/core/cvdef.h>

namespace cv::mixmim {

/// One block of Philox4x32-10: counter and key to four words. Checked with the published known-answer
/// vectors.
CV_EXPORTS std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// The purposes of random numbers; streams of different purposes are independent.
enum class Purpose : uint32_t {
  kShuffle = 1,
  kCrop,
  kFlip,
  kRandAugment,
  kErase,  // per sample
  kMask,
  kMixture,
  kSubstitute,  // per batch or position
  kInitialise,
  kDropPath,  // in a trainer
  kShapes,    // the demo data set
  kBalance,   // per class
};

/// A stream keyed by (seed, item, epoch, purpose). Copyable, 48 bytes, no allocation; not for sharing between
/// threads. Distributions are our own, so the numbers are the same with every standard library.
class CV_EXPORTS Rng {
 public:
  /// The stream of that key, from its beginning.
  Rng(uint64_t seed, uint64_t item, uint32_t epoch, Purpose purpose);

  uint32_t next();                          ///< 32 uniform bits
  double uniform();                         ///< [0, 1), 53 bits
  double uniform(double low, double high);  ///< [low, high)
  uint64_t below(uint64_t n);               ///< uniform integer in [0, n), n >= 1; unbiased
  double normal();                          ///< standard normal (Box-Muller)
  double gamma(double shape);               ///< Gamma(shape, 1), shape > 0 (Marsaglia and Tsang)
  double beta(double a, double b);          ///< Beta(a, b)

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  unsigned used_ = 4;
};

}  // namespace cv::mixmim
