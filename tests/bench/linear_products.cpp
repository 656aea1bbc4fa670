// The linear layers of MixMIM-B for one image and nothing else, with the classifier's products by rows.
//   linear_products THREADS SECONDS
// Prints one JSON line: milliseconds per image and GFLOP/s.
#include <chrono>
#include <iostream>
#include <vector>

#include <fmt/format.h>

#include "model/plan.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace {

using namespace cv::mixmim;
using Clock = std::chrono::steady_clock;

struct Layer {
  Layer(int rows_, int inputs, int outputs)
      : rows(rows_),
        x(rows_, inputs, CV_32F, 1.f),
        y(rows_, outputs, CV_32F),
        linear(makeLinear(cv::Mat(outputs, inputs, CV_32F, 0.01f), cv::Mat(outputs, 1, CV_32F, 0.f),
                          After::kStore)) {
    rows.prepare(*linear);
  }
  void run() {
    rows.forEach([&](int first, int count) { (*linear)(count, x.ptr<float>(first), y.ptr<float>(first)); });
  }
  double flop() const { return 2.0 * x.rows * x.cols * y.cols; }

  Rows rows;
  cv::Mat x, y;
  std::unique_ptr<PackedLinear> linear;
};

std::vector<Layer> layersOf(const Plan& plan) {
  std::vector<Layer> layers;
  int dimBefore = 0;
  for (const Stage& stage : plan.stages) {
    const int dim = stage.dim, tokens = stage.tokens();
    if (stage.narrowing == Narrowing::kMerged)
      layers.emplace_back(tokens, stage.side * stage.side * dimBefore, dim);
    for (size_t block = 0; block < stage.blocks.size(); ++block) {
      layers.emplace_back(tokens, dim, 3 * dim);
      layers.emplace_back(tokens, dim, dim);
      layers.emplace_back(tokens, dim, stage.hidden);
      layers.emplace_back(tokens, stage.hidden, dim);
    }
    dimBefore = dim;
  }
  return layers;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: linear_products THREADS SECONDS");
  cv::setNumThreads(std::stoi(argv[1]));
  const double seconds = std::stod(argv[2]);
  std::vector<Layer> layers = layersOf(planOf(ModelConfig{}));
  double flop = 0;
  for (const Layer& layer : layers) flop += layer.flop();
  std::vector<double> times;
  for (const auto start = Clock::now();
       Clock::now() - start < std::chrono::duration<double>(seconds) || times.size() < 4;) {
    const auto before = Clock::now();
    for (Layer& layer : layers) layer.run();
    times.push_back(std::chrono::duration<double>(Clock::now() - before).count());
  }
  std::nth_element(times.begin() + 1, times.begin() + static_cast<long>(times.size() / 2), times.end());
  const double median = times[times.size() / 2];
  std::cout << fmt::format("{{\"ms_median\": {:.2f}, \"gflop_per_second\": {:.1f}}}\n", 1000 * median,
                           flop / median / 1e9);
} catch (const std::exception& e) {
  std::cerr << "linear_products: " << e.what() << '\n';
  return 1;
}
