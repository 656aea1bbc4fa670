#include "kernels/layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "tests/kernels/matrices.hpp"
#include "tests/support/emulated_tiles.hpp"

namespace cv::mixmim::test {
namespace {

constexpr double kEps = 1e-5;
constexpr double kRounding = 2e-6;  // of float32, in sums of some thousand terms

/// What this processor runs, and what stands for a unit that it may not have.
std::vector<const LayerKernels*> allKernels() {
  std::vector<const LayerKernels*> all = layerKernels();
  all.push_back(&kEmulatedTileLayers);
  return all;
}

struct Size {
  int64_t rows, width;
};

class Layers : public ::testing::TestWithParam<Size> {};

/// LayerNorm with the addition before it, and its gradients.
struct Norm {
  cv::Mat x, added, gain, bias, outGradient, past;

  explicit Norm(const Size& s, double mean = 0)
      : x(randomMatrix(s.rows, s.width, 1, mean)),
        added(randomMatrix(s.rows, s.width, 2, 3)),
        gain(randomMatrix(1, s.width, 3)),
        bias(randomMatrix(1, s.width, 4)),
        outGradient(randomMatrix(s.rows, s.width, 5)),
        past(randomMatrix(s.rows, s.width, 6)) {}
};

struct NormResults {
  cv::Mat sum, out, mean, inverse, x, gain, bias;
};

/// The formulas, row by row; `degrees` as in NormRows.
NormResults plainly(const Norm& norm, bool adds, bool hasPast, int64_t degrees) {
  const int rows = norm.x.rows, width = norm.x.cols;
  const cv::Mat gain = exact(norm.gain), bias = exact(norm.bias), outGradient = exact(norm.outGradient);
  NormResults r;
  r.sum = adds ? cv::Mat(exact(norm.x + norm.added)) : exact(norm.x);
  r.out = cv::Mat(rows, width, CV_64F);
  r.x = cv::Mat(rows, width, CV_64F);
  r.mean = cv::Mat(rows, 1, CV_64F);
  r.inverse = cv::Mat(rows, 1, CV_64F);
  r.gain = cv::Mat::zeros(1, width, CV_64F);
  r.bias = cv::Mat::zeros(1, width, CV_64F);
  for (int i = 0; i < rows; ++i) {
    const double mean = cv::mean(r.sum.row(i))[0];
    const cv::Mat away = r.sum.row(i) - mean;
    const double inverse = 1 / std::sqrt(away.dot(away) / static_cast<double>(degrees) + kEps);
    const cv::Mat normalised = away * inverse, g = outGradient.row(i).mul(gain);
    r.mean.at<double>(i) = mean;
    r.inverse.at<double>(i) = inverse;
    r.out.row(i) = normalised.mul(gain) + bias;
    r.x.row(i) = inverse * (g - cv::mean(g)[0] - normalised * cv::mean(g.mul(normalised))[0]);
    if (hasPast) r.x.row(i) += exact(norm.past.row(i));
    r.gain += outGradient.row(i).mul(normalised);
    r.bias += outGradient.row(i);
  }
  return r;
}

NormResults compute(const LayerKernels& kernels, const Norm& norm, bool adds, bool hasPast, int64_t degrees) {
  const int rows = norm.x.rows, width = norm.x.cols;
  NormResults r{unwritten(rows, width), unwritten(rows, width), unwritten(rows, 1), unwritten(rows, 1),
                unwritten(rows, width), unwritten(1, width),    unwritten(1, width)};
  kernels.norm({rows, width, degrees, norm.x.ptr<float>(), adds ? norm.added.ptr<float>() : nullptr,
                adds ? r.sum.ptr<float>() : nullptr, norm.gain.ptr<float>(), norm.bias.ptr<float>(),
                static_cast<float>(kEps), r.out.ptr<float>(), r.mean.ptr<float>(), r.inverse.ptr<float>()});
  if (!adds) r.sum = norm.x;
  kernels.normBackward({rows, width, r.sum.ptr<float>(), r.mean.ptr<float>(), r.inverse.ptr<float>(),
                        norm.gain.ptr<float>(), norm.outGradient.ptr<float>(),
                        hasPast ? norm.past.ptr<float>() : nullptr, r.x.ptr<float>(), r.gain.ptr<float>(),
                        r.bias.ptr<float>()});
  return r;
}

TEST_P(Layers, NormAgreesWithPlainLoopsInFloat64) {
  const Size size = GetParam();
  const Norm norm(size);
  for (const LayerKernels* kernels : allKernels())
    for (const bool adds : {false, true})
      for (const bool hasPast : {false, true}) {
        SCOPED_TRACE(std::string(kernels->name) + (adds ? ", adds" : "") + (hasPast ? ", past" : ""));
        const NormResults wanted = plainly(norm, adds, hasPast, size.width),
                          got = compute(*kernels, norm, adds, hasPast, size.width);
        EXPECT_EQ(cv::norm(exact(got.sum), wanted.sum, cv::NORM_INF), 0);
        EXPECT_LT(difference(got.out, wanted.out), kRounding);
        EXPECT_LT(difference(got.mean, wanted.mean), kRounding);
        EXPECT_LT(difference(got.inverse, wanted.inverse), kRounding);
        EXPECT_LT(difference(got.x, wanted.x), kRounding);
        EXPECT_LT(difference(got.gain, wanted.gain), kRounding);
        EXPECT_LT(difference(got.bias, wanted.bias), kRounding);
      }
}

TEST(Layers, NormTakesOtherDegreesOfFreedom) {
  const Norm norm({5, 48});
  for (const LayerKernels* kernels : allKernels()) {
    SCOPED_TRACE(kernels->name);
    EXPECT_LT(difference(compute(*kernels, norm, false, false, 47).out, plainly(norm, false, false, 47).out),
              kRounding);
  }
}

/// Numbers of one sign far from zero, whose plain sum in float32 loses digits of the small differences.
TEST(Layers, NormFindsAgainWhatALongSumLoses) {
  const Norm norm({4, 2048}, /*mean=*/1000);
  const NormResults wanted = plainly(norm, false, false, 2048);
  for (const LayerKernels* kernels : allKernels()) {
    SCOPED_TRACE(kernels->name);
    const NormResults got = compute(*kernels, norm, false, false, 2048);
    EXPECT_LT(difference(got.out, wanted.out), 2e-5);  // a float32 near 1000 has steps of 6e-5
    EXPECT_LT(difference(got.mean, wanted.mean), 1e-7);
  }
}

TEST_P(Layers, WeightGradientAgreesWithPlainLoopsInFloat64) {
  const auto [rows, inputs] = GetParam();
  for (const int outputs : {1, 10, 48}) {
    const cv::Mat x = randomMatrix(rows, inputs, 1),
                  y = randomMatrix(rows, outputs + 3, 2).colRange(2, 2 + outputs);
    cv::Mat wantedBias;
    cv::reduce(exact(y), wantedBias, 0, cv::REDUCE_SUM);
    for (const LayerKernels* kernels : allKernels()) {
      SCOPED_TRACE(std::string(kernels->name) + ", outputs " + std::to_string(outputs));
      std::vector<float> packed(static_cast<size_t>(kernels->sizeOfRows(rows, inputs)) + 1, 7);
      kernels->packRows({rows, inputs, x.ptr<float>(), packed.data()});
      EXPECT_EQ(packed.back(), 7) << "packed rows are written past their end";
      cv::Mat weight = unwritten(outputs, inputs), bias = unwritten(1, outputs);
      KernelScratch scratch;
      kernels->weightGradient({rows, inputs, outputs, packed.data(), y.ptr<float>(), outputs + 3,
                               weight.ptr<float>(), bias.ptr<float>()},
                              scratch);
      EXPECT_LT(difference(weight, exact(y).t() * exact(x)), kRounding);
      EXPECT_LT(difference(bias, wantedBias), kRounding);
    }
  }
}

std::vector<float> packed(const LayerKernels& kernels, const cv::Mat& weight, bool transposed) {
  const RightSide side{transposed ? weight.cols : weight.rows, transposed ? weight.rows : weight.cols,
                       weight.ptr<float>(), weight.cols, transposed};
  std::vector<float> to(static_cast<size_t>(kernels.sizeOfRightSide(side.inner, side.columns)), NAN);
  kernels.packRightSide(side, to.data());
  return to;
}

double geluOf(double x) {
  return x * std::erfc(-x * M_SQRT1_2) / 2;
}

TEST_P(Layers, ProductAgreesWithPlainLoopsInFloat64) {
  const auto [rows, inner] = GetParam();
  const cv::Mat left = randomMatrix(rows, inner, 1);
  cv::Mat gelu = exact(left);
  for (auto number = gelu.begin<double>(); number != gelu.end<double>(); ++number) *number = geluOf(*number);
  for (const int columns : {1, 16, 80, 300}) {
    const cv::Mat right = randomMatrix(inner, columns, 2, 0, 1 / std::sqrt(inner)),
                  bias = randomMatrix(1, columns, 3);
    for (const LayerKernels* kernels : allKernels()) {
      if (!kernels->multiply) continue;
      for (const bool transposed : {false, true})
        for (const bool isGelu : {false, true})
          for (const auto& [hasBias, adds] :
               {std::pair(false, false), {true, false}, {false, true}, {true, true}}) {
            SCOPED_TRACE(std::string(kernels->name) + ", columns " + std::to_string(columns) +
                         (transposed ? ", transposed" : "") + (isGelu ? ", GELU" : "") +
                         (hasBias ? ", bias" : "") + (adds ? ", adds" : ""));
            const std::vector<float> side =
                packed(*kernels, transposed ? cv::Mat(right.t()) : right, transposed);
            cv::Mat wide(static_cast<int>(rows), columns + 5, CV_32F, cv::Scalar(7));
            KernelScratch scratch;
            kernels->multiply(
                {rows, inner, columns, left.ptr<float>(), side.data(), hasBias ? bias.ptr<float>() : nullptr,
                 wide.ptr<float>(), wide.cols, isGelu, adds},
                scratch);
            cv::Mat wanted = (isGelu ? gelu : exact(left)) * exact(right);
            if (adds) wanted += 7;
            if (hasBias) wanted += cv::repeat(exact(bias), static_cast<int>(rows), 1);
            EXPECT_LT(difference(wide.colRange(0, columns), wanted), kRounding);
            EXPECT_EQ(cv::countNonZero(wide.colRange(columns, wide.cols) != 7), 0) << "written beside out";
          }
    }
  }
}

/// Of every number of a product, the distance from the exact one as a share of the sum of absolute products;
/// the largest.
double worstShare(const cv::Mat& got, const cv::Mat& left, const cv::Mat& right) {
  const cv::Mat away = cv::abs(exact(got) - exact(left) * exact(right)),
                most = cv::Mat(cv::abs(exact(left))) * cv::Mat(cv::abs(exact(right)));
  double worst = 0;
  cv::minMaxLoc(away / most, nullptr, &worst);
  return worst;
}

cv::Mat plainProduct(const cv::Mat& left, const cv::Mat& right) {
  cv::Mat out = cv::Mat::zeros(left.rows, right.cols, CV_32F);
  for (int r = 0; r < left.rows; ++r)
    for (int i = 0; i < left.cols; ++i)
      for (int c = 0; c < right.cols; ++c)
        out.at<float>(r, c) = std::fma(left.at<float>(r, i), right.at<float>(i, c), out.at<float>(r, c));
  return out;
}

/// Numbers of one magnitude and of many, so that a third of one that is lost shows: with two of three it is
/// more than ten times as much.
TEST(Layers, ProductsAreAsExactAsAPlainLoop) {
  constexpr int kRows = 40, kInner = 512, kColumns = 48;
  for (const int magnitudes : {0, 30}) {
    cv::Mat left = randomMatrix(kRows, kInner, 1), right = randomMatrix(kInner, kColumns, 2);
    cv::RNG random(3);
    for (cv::Mat* side : {&left, &right})
      for (auto number = side->begin<float>(); number != side->end<float>(); ++number)
        *number = std::ldexp(*number, random.uniform(-magnitudes, magnitudes + 1));
    const double plain = worstShare(plainProduct(left, right), left, right);
    for (const LayerKernels* kernels : allKernels()) {
      if (!kernels->multiply) continue;
      SCOPED_TRACE(std::string(kernels->name) + ", magnitudes " + std::to_string(magnitudes));
      const std::vector<float> side = packed(*kernels, right, false);
      cv::Mat out = unwritten(kRows, kColumns);
      KernelScratch scratch;
      kernels->multiply({kRows, kInner, kColumns, left.ptr<float>(), side.data(), nullptr, out.ptr<float>(),
                         kColumns, false, false},
                        scratch);
      EXPECT_LT(worstShare(out, left, right), 1.5 * plain);
    }
  }
}

/// A step whose loss is not a number must not look like one that is.
TEST(Layers, ProductsDoNotHideWhatIsNotFinite) {
  for (const uint32_t bits : {0x7fc00000U, 0xffc00000U, 0x7fffffffU, 0xffffffffU, 0x7f800000U, 0xff800000U}) {
    float bad = 0;
    std::memcpy(&bad, &bits, sizeof bad);
    for (const LayerKernels* kernels : allKernels()) {
      if (!kernels->multiply) continue;
      SCOPED_TRACE(std::string(kernels->name) + ", " + std::to_string(bits));
      for (const bool onTheLeft : {false, true}) {
        cv::Mat left = randomMatrix(3, 32, 1), right = randomMatrix(32, 16, 2), out = unwritten(3, 16);
        (onTheLeft ? left : right).at<float>(1, 5) = bad;
        const std::vector<float> side = packed(*kernels, right, false);
        KernelScratch scratch;
        kernels->multiply(
            {3, 32, 16, left.ptr<float>(), side.data(), nullptr, out.ptr<float>(), 16, false, false},
            scratch);
        EXPECT_FALSE(std::isfinite(out.at<float>(1, 5)));
        EXPECT_EQ(std::isfinite(out.at<float>(1, 4)), !onTheLeft);
        EXPECT_EQ(std::isfinite(out.at<float>(2, 5)), onTheLeft);
      }
    }
  }
}

/// Ragged numbers of rows; widths of half a panel and of many, more rows than are packed at a time.
INSTANTIATE_TEST_SUITE_P(Sizes, Layers,
                         ::testing::Values(Size{1, 16}, Size{17, 32}, Size{300, 48}, Size{1030, 64},
                                           Size{129, 352}, Size{20, 2048}, Size{300, 528}),
                         [](const auto& instance) {
                           return std::to_string(instance.param.rows) + "x" +
                                  std::to_string(instance.param.width);
                         });

double slopeOfGelu(double x) {
  return std::erfc(-x * M_SQRT1_2) / 2 + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}

TEST(Layers, GeluIsExactToRounding) {
  constexpr int kCount = 120000;
  std::vector<float> x(kCount), out(kCount), again(kCount);
  for (int i = 0; i < kCount; ++i) x[static_cast<size_t>(i)] = -12 + static_cast<float>(i) * 2e-4f;
  const cv::Mat factors = randomMatrix(1, kCount, 1);
  for (const LayerKernels* kernels : allKernels()) {
    SCOPED_TRACE(kernels->name);
    cv::Mat gradient = factors.clone();
    kernels->gelu(x.data(), kCount, out.data());
    kernels->geluBackward(x.data(), kCount, gradient.ptr<float>(), again.data());
    EXPECT_EQ(out, again);
    constexpr double kLast = 1.2e-7;  // the last bit of a float32
    for (int i = 0; i < kCount; ++i) {
      const auto at = static_cast<size_t>(i);
      const double exactX = double{x[at]}, wanted = geluOf(exactX), away = std::abs(double{out[at]} - wanted);
      ASSERT_LT(away, kLast * std::max(1.0, std::abs(exactX))) << exactX;
      if (std::abs(exactX) < 3) {
        ASSERT_LE(away, 6 * kLast * std::abs(wanted)) << exactX;
      }
      ASSERT_NEAR(double{gradient.at<float>(i)}, double{factors.at<float>(i)} * slopeOfGelu(exactX),
                  8 * kLast * std::max(1.0, std::abs(double{factors.at<float>(i)})))
          << exactX;
    }
  }
}

TEST(Layers, GeluOfWhatIsNotFinite) {
  std::vector<float> x(16), out(16);
  x[0] = NAN;
  x[1] = INFINITY;
  x[2] = -1e30f;
  x[3] = 1e30f;
  for (const LayerKernels* kernels : allKernels()) {
    SCOPED_TRACE(kernels->name);
    kernels->gelu(x.data(), 16, out.data());
    EXPECT_TRUE(std::isnan(out[0]));
    EXPECT_EQ(out[1], INFINITY);
    EXPECT_EQ(out[2], 0);
    EXPECT_EQ(out[3], 1e30f);
    EXPECT_EQ(out[4], 0);
  }
}

struct MlpSize {
  int rows, width, hidden;
};

/// The parameters of an MLP (weights outputs x inputs), an input, and the gradient of its output.
struct Mlp {
  explicit Mlp(const MlpSize& s)
      : size(s),
        x(randomMatrix(s.rows, s.width, 1)),
        first(randomMatrix(s.hidden, s.width, 2, 0, 1 / std::sqrt(s.width))),
        firstBias(randomMatrix(1, s.hidden, 3)),
        second(randomMatrix(s.width, s.hidden, 4, 0, 1 / std::sqrt(s.hidden))),
        secondBias(randomMatrix(1, s.width, 5)),
        outGradient(randomMatrix(s.rows, s.width, 6)) {}

  MlpSize size;
  cv::Mat x, first, firstBias, second, secondBias, outGradient;
};

struct MlpResults {
  cv::Mat out, x, first, firstBias, second, secondBias;
};

MlpResults plainly(const Mlp& mlp) {
  const cv::Mat x = exact(mlp.x), first = exact(mlp.first), second = exact(mlp.second),
                outGradient = exact(mlp.outGradient);
  cv::Mat hidden = x * first.t() + cv::repeat(exact(mlp.firstBias), x.rows, 1);
  cv::Mat gradient = outGradient * second, firstBias, secondBias;
  for (auto h = hidden.begin<double>(), g = gradient.begin<double>(); h != hidden.end<double>(); ++h, ++g) {
    *g *= slopeOfGelu(*h);
    *h = geluOf(*h);
  }
  cv::reduce(gradient, firstBias, 0, cv::REDUCE_SUM);
  cv::reduce(outGradient, secondBias, 0, cv::REDUCE_SUM);
  const cv::Mat out = hidden * second.t() + cv::repeat(exact(mlp.secondBias), x.rows, 1);
  return {out, gradient * first, gradient.t() * x, firstBias, outGradient.t() * hidden, secondBias};
}

class MlpKernels : public ::testing::TestWithParam<MlpSize> {};

TEST_P(MlpKernels, AgreeWithPlainLoopsInFloat64) {
  const auto [rows, width, hidden] = GetParam();
  const Mlp mlp(GetParam());
  const MlpResults wanted = plainly(mlp);
  for (const LayerKernels* kernels : allKernels()) {
    SCOPED_TRACE(kernels->name);
    const std::vector<float> first = packed(*kernels, mlp.first, true),
                             second = packed(*kernels, mlp.second, true),
                             firstBack = packed(*kernels, mlp.first, false),
                             secondBack = packed(*kernels, mlp.second, false);
    // One number more than each result has.
    std::vector<cv::Mat> got;
    for (const cv::Mat& like :
         {wanted.out, wanted.x, wanted.first, wanted.firstBias, wanted.second, wanted.secondBias})
      got.emplace_back(1, static_cast<int>(like.total()) + 1, CV_32F, cv::Scalar(7));
    KernelScratch scratch;
    kernels->mlp({rows, width, hidden, mlp.x.ptr<float>(), first.data(), mlp.firstBias.ptr<float>(),
                  second.data(), mlp.secondBias.ptr<float>(), got[0].ptr<float>()},
                 scratch);
    kernels->mlpBackward(
        {rows, width, hidden, mlp.x.ptr<float>(), mlp.outGradient.ptr<float>(), first.data(),
         mlp.firstBias.ptr<float>(), firstBack.data(), secondBack.data(), got[1].ptr<float>(),
         got[2].ptr<float>(), got[3].ptr<float>(), got[4].ptr<float>(), got[5].ptr<float>()},
        scratch);
    const auto expect = [](const cv::Mat& guarded, const cv::Mat& values, const char* what) {
      const int count = guarded.cols - 1;
      EXPECT_LT(difference(guarded.colRange(0, count), values.reshape(1, 1)), 2 * kRounding) << what;
      EXPECT_EQ(guarded.at<float>(count), 7) << what << " is written past its end";
    };
    expect(got[0], wanted.out, "out");
    expect(got[1], wanted.x, "x");
    expect(got[2], wanted.first, "first weight");
    expect(got[3], wanted.firstBias, "first bias");
    expect(got[4], wanted.second, "second weight");
    expect(got[5], wanted.secondBias, "second bias");
  }
}

/// Ragged numbers of rows, half panels, blocks of few rows, hidden layers of which no row fits a block's
/// room.
INSTANTIATE_TEST_SUITE_P(Sizes, MlpKernels,
                         ::testing::Values(MlpSize{1, 16, 32}, MlpSize{7, 32, 128}, MlpSize{300, 48, 80},
                                           MlpSize{1003, 64, 256}, MlpSize{70, 128, 512},
                                           MlpSize{20, 16, 4096}),
                         [](const auto& instance) {
                           const MlpSize& size = instance.param;
                           return std::to_string(size.rows) + "x" + std::to_string(size.width) + "x" +
                                  std::to_string(size.hidden);
                         });

}  // namespace
}  // namespace cv::mixmim::test
