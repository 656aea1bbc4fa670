// The GPU kernels of convolutions against plain operators in float64.
#include <gtest/gtest.h>

#include "network/depthwise.hpp"
#include "tests/torch_trainer/cuda/gpu_kernels.hpp"

namespace cv::mixmim {
namespace {

using namespace test;

class GpuConvolution : public GpuKernels {};

struct Tokens {
  const char* name;
  int64_t images, height, width, channels;
};

/// One token, blocks that are half empty, several slabs, and ragged columns.
constexpr Tokens kTokens[] = {{"one token", 1, 1, 1, 4},
                              {"odd sides", 3, 5, 7, 44},
                              {"many rows", 2, 19, 23, 132},
                              {"a column", 2, 9, 1, 256}};

/// Neighbours in a picture, less those of the other image of a mixture.
at::Tensor neighboursOf(const Tokens& tokens) {
  const int64_t count = tokens.height * tokens.width;
  const at::Tensor places =
      at::arange(1, count + 1, at::kDouble).reshape({1, 1, tokens.height, tokens.width});
  const at::Tensor rows = at::im2col(places, {3, 3}, {1, 1}, {1, 1}, {1, 1}).squeeze(0).t().to(at::kLong) - 1;
  const at::Tensor group = (random({count}, 9, at::kDouble) > 0.5).to(at::kLong),
                   groups = at::cat({group, at::full({1}, -1, at::kLong)}).index({rows});
  return rows.masked_fill(groups != groups.narrow(1, 4, 1), -1).to(at::kInt);
}

TEST_P(GpuConvolution, AgreesWithPlainOperatorsInFloat64) {
  for (const Tokens& tokens : kTokens) {
    SCOPED_TRACE(tokens.name);
    const int64_t channels = tokens.channels;
    const at::Tensor rows = neighboursOf(tokens);
    const Leaf x = stored({tokens.images, tokens.height * tokens.width, channels}, 1),
               weight = real({channels, 1, 3, 3}, 2), bias = real({channels}, 3);
    const at::Tensor gradient = random(x.exact.sizes(), 4, types_.stored);
    const at::Tensor wanted = depthwise(x.exact, weight.exact, bias.exact, rows);
    wanted.backward(gradient.to(at::kDouble));
    const at::Tensor taps = weight.own.detach().flatten(1).t().contiguous(), there_ = there(rows);
    EXPECT_LT(difference(kernels().depthwise(x.own.detach(), taps, bias.own.detach(), there_), wanted),
              precision_.stored);
    EXPECT_LT(difference(kernels().depthwise(there(gradient), taps.flip(0), {}, there_), x.exact.grad()),
              precision_.stored);
    const at::Tensor sums = kernels().depthwiseSums(x.own.detach(), there_, there(gradient));
    EXPECT_EQ(sums.scalar_type(), types_.real);
    EXPECT_LT(difference(sums.narrow(0, 0, 9).t(), weight.exact.grad().flatten(1)), precision_.real);
    EXPECT_LT(difference(sums[9], bias.exact.grad()), precision_.real);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GpuConvolution, ::testing::ValuesIn(kPrecisions), nameOfPrecision);

/// Where they are chosen, depthwise() launches them, both ways.
TEST(GpuConvolutions, AreChosenForTokens) {
  const Tokens tokens{"", 2, 4, 6, 24};  // no multiple of 16, because the host's kernels go first
  const auto results = [&] {
    const at::Tensor x = random({2, 24, 24}, 1, at::kFloat).requires_grad_(true),
                     weight = random({24, 1, 3, 3}, 2, at::kFloat).requires_grad_(true),
                     bias = random({24}, 3, at::kFloat).requires_grad_(true);
    const at::Tensor out = depthwise(x, weight, bias, neighboursOf(tokens));
    out.backward(random(out.sizes(), 4, at::kFloat));
    return std::vector<at::Tensor>{out, x.grad(), weight.grad(), bias.grad()};
  };
  const std::vector<at::Tensor> wanted = results();
  const HostKernels kernels({at::kFloat, at::kFloat});
  const KernelChoice choice(at::kCPU, {std::shared_ptr<void>(), &*kernels});
  const std::vector<at::Tensor> got = results();
  ASSERT_EQ(hostDevice().launches.size(), 4u);  // forward; sums and their parts; the gradient of x
  EXPECT_EQ(hostDevice().launches.front().kernel, "mixmimDepthwise");
  for (size_t i = 0; i < got.size(); ++i) EXPECT_LT(difference(got[i], wanted[i]), 2e-6) << i;
}

}  // namespace
}  // namespace cv::mixmim
