// Convolutions of tokens as the trainer computes them on the CPU, at the shapes of PVTv2-B2, against
// LibTorch's of images; the MLP around them, as a whole and by its parts; and a gather of tokens against
// copying as many bytes. On one thread, in turn.
//   convolution_times BATCH ROUNDS
#include <ATen/Parallel.h>
#include <malloc.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <opencv2/core.hpp>

#include "network/convolved_mlp.hpp"
#include "network/depthwise.hpp"

namespace {

using namespace cv::mixmim;

/// A way to compute, and its fastest time.
struct Way {
  std::string name;
  std::function<at::Tensor()> forward;
  std::vector<at::Tensor> leaves;
  double forwardSeconds = 1e9, backwardSeconds = 1e9;
};

/// Processor time of this thread, because other programs' share of a machine is none of ours.
double threadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double secondsOf(const std::function<void()>& work) {
  const double before = threadSeconds();
  work();
  return threadSeconds() - before;
}

void measure(std::vector<Way>& ways, int rounds) {
  for (int round = 0; round < rounds; ++round)
    for (Way& way : ways) {
      at::Tensor out;
      way.forwardSeconds = std::min(way.forwardSeconds, secondsOf([&] { out = way.forward(); }));
      if (way.leaves.empty()) continue;
      const at::Tensor gradient = at::ones_like(out);
      way.backwardSeconds = std::min(
          way.backwardSeconds, secondsOf([&] { torch::autograd::grad({out}, way.leaves, {gradient}); }));
    }
}

/// Windows of side x side around every step-th token of a square grid; -1 outside.
at::Tensor windowsOf(int64_t grid, int64_t side, int64_t step) {
  const at::Tensor places = at::arange(1, grid * grid + 1, at::kFloat).reshape({1, 1, grid, grid});
  const at::Tensor list = at::im2col(places, {side, side}, {1, 1}, {side / 2, side / 2}, {step, step});
  return list.squeeze(0).t().to(at::kInt).sub_(1).contiguous();
}

at::Tensor leaf(const at::Tensor& x) {
  return x.detach().clone().requires_grad_(true);
}

/// `numbers` of the result. Bytes are those of as many read and written forward; backward the gradient is
/// read and written beside x.
void print(const std::string& title, const std::vector<Way>& ways, int64_t batch, int64_t numbers) {
  std::cout << title << '\n';
  const auto perImage = [&](double seconds) { return 1000 * seconds / static_cast<double>(batch); };
  const auto rate = [&](int64_t bytes, double seconds) {
    return static_cast<double>(bytes * numbers) / seconds / 1e9;
  };
  for (const Way& way : ways) {
    std::cout << cv::format("  %-22s forward %7.3f ms/image %5.1f GB/s", way.name.c_str(),
                            perImage(way.forwardSeconds), rate(8, way.forwardSeconds));
    if (!way.leaves.empty())
      std::cout << cv::format("   backward %7.3f ms/image %5.1f GB/s", perImage(way.backwardSeconds),
                              rate(12, way.backwardSeconds));
    std::cout << '\n';
  }
}

void compareConvolutions(int64_t grid, int64_t channels, int64_t batch, int rounds) {
  const at::Tensor tokens = at::randn({batch, grid * grid, channels}), rows = windowsOf(grid, 3, 1);
  const at::Tensor weight = leaf(at::randn({channels, 1, 3, 3})), bias = leaf(at::randn({channels}));
  const at::Tensor channelsLast = tokens.transpose(1, 2).unflatten(2, {grid, grid});
  const at::Tensor ours = leaf(tokens), images = leaf(channelsLast.contiguous()), last = leaf(channelsLast);
  const auto conv2d = [&](const at::Tensor& x) { return at::conv2d(x, weight, bias, 1, 1, 1, channels); };
  std::vector<Way> ways{
      {"depthwise()", [&] { return depthwise(ours, weight, bias, rows); }, {ours, weight, bias}},
      {"conv2d, NCHW", [&] { return conv2d(images); }, {images, weight, bias}},
      {"conv2d, channels last", [&] { return conv2d(last); }, {last, weight, bias}}};
  measure(ways, rounds);
  print(cv::format("depthwise 3x3, %dx%dx%d", static_cast<int>(grid), static_cast<int>(grid),
                   static_cast<int>(channels)),
        ways, batch, tokens.numel());
}

/// An MLP as a whole, and function by function. Numbers are the hidden layer's.
void compareMlps(int64_t grid, int64_t width, int64_t hidden, int64_t batch, int rounds) {
  const at::Tensor x = leaf(at::randn({batch, grid * grid, width})), rows = windowsOf(grid, 3, 1);
  // Weights as in training, because a hidden layer far from zero makes GELU's results too small to be fast.
  const auto weight = [](at::IntArrayRef shape) { return leaf(at::randn(shape) * 0.05); };
  const LinearParameters first{weight({hidden, width}), weight({hidden})},
      second{weight({width, hidden}), weight({width})};
  const ConvolutionParameters convolution{weight({hidden, 1, 3, 3}), weight({hidden})};
  const std::vector<at::Tensor> leaves{
      x, first.weight, first.bias, convolution.weight, convolution.bias, second.weight, second.bias};
  std::vector<Way> ways{
      {"convolvedMlp()", [&] { return convolvedMlp(x, first, convolution, rows, second, at::kFloat); },
       leaves},
      {"its parts",
       [&] {
         const at::Tensor inner = linearLayer(x, first.weight, first.bias, at::kFloat);
         return geluLinear(depthwise(inner, convolution.weight, convolution.bias, rows), second.weight,
                           second.bias, at::kFloat);
       },
       leaves}};
  measure(ways, rounds);
  print(cv::format("MLP, %dx%d, %d and %d wide", static_cast<int>(grid), static_cast<int>(grid),
                   static_cast<int>(width), static_cast<int>(hidden)),
        ways, batch, batch * grid * grid * hidden);
}

void compareGathers(int64_t grid, int64_t channels, int64_t side, int64_t step, int64_t batch, int rounds) {
  const at::Tensor x = leaf(at::randn({batch, grid * grid, channels})), rows = windowsOf(grid, side, step);
  const at::Tensor same = gatherRows(x, rows).detach();
  std::vector<Way> ways{{"gatherRows()", [&] { return gatherRows(x, rows); }, {x}},
                        {"copy of the result", [&] { return same.clone(); }, {}}};
  measure(ways, rounds);
  print(cv::format("gather %dx%d by %d, %dx%dx%d", static_cast<int>(side), static_cast<int>(side),
                   static_cast<int>(step), static_cast<int>(grid), static_cast<int>(grid),
                   static_cast<int>(channels)),
        ways, batch, same.numel());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: convolution_times BATCH ROUNDS");
  mallopt(M_MMAP_MAX, 0);  // memory is kept, as the program keeps it
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  at::set_num_threads(1);
  const int64_t batch = std::stoi(argv[1]);
  const int rounds = std::stoi(argv[2]);
  for (const auto& [grid, channels] : {std::pair{56, 512}, {28, 1024}, {14, 1280}, {7, 2048}, {56, 64}})
    compareConvolutions(grid, channels, batch, rounds);
  for (const auto& [grid, width, hidden] : {std::tuple{56, 64, 512}, {28, 128, 1024}, {14, 320, 1280}})
    compareMlps(grid, width, hidden, batch, rounds);
  compareGathers(224, 3, 7, 4, batch, rounds);
  compareGathers(56, 64, 3, 2, batch, rounds);
  compareGathers(14, 320, 3, 2, batch, rounds);
} catch (const std::exception& e) {
  std::cerr << "convolution_times: " << e.what() << '\n';
  return 1;
}
