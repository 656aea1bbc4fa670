// Where the time of one forward pass goes: of the classifier's own layers, by kind, and of OpenCV's.
//   layer_times model.onnx THREADS [PASSES]
#include <iostream>
#include <map>

#include <fmt/format.h>
#include <opencv2/dnn.hpp>

#include "fused_network.hpp"
#include "model_io/onnx/deployed_model.hpp"
#include "model_io/onnx/weights.hpp"
#include "products/one_dnn.hpp"

namespace {

/// Milliseconds per pass by type of layer.
std::map<std::string, double> timesOf(cv::dnn::Net net, const cv::Mat& blob, int passes) {
  std::map<std::string, double> times;
  for (int pass = -1; pass < passes; ++pass) {
    net.setInput(blob);
    net.forward();
    if (pass < 0) continue;  // the first one plans
    std::vector<double> ticks;
    net.getPerfProfile(ticks);
    for (size_t i = 0; i < ticks.size(); ++i)
      times[net.getLayer(static_cast<int>(i) + 1)->type] += 1000 * ticks[i] / cv::getTickFrequency() / passes;
  }
  return times;
}

void print(const char* title, const std::map<std::string, double>& times) {
  double sum = 0;
  for (const auto& [type, ms] : times) sum += ms;
  std::cout << fmt::format("{}: {:.1f} ms\n", title, sum);
  for (const auto& [type, ms] : times)
    if (ms > 0.005 * sum)
      std::cout << fmt::format("  {:<24} {:7.1f} ms {:5.1f} %\n", type, ms, 100 * ms / sum);
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace cv::mixmim;
  if (argc < 3) throw std::runtime_error("usage: layer_times model.onnx THREADS [PASSES]");
  cv::setNumThreads(std::stoi(argv[2]));
  const int passes = argc > 3 ? std::stoi(argv[3]) : 10;
  const DeployedModel about = readDeployedModel(argv[1]);
  const cv::Mat blob = cv::dnn::blobFromImage(about.goldenInput);
  const OnnxWeights weights = readOnnxWeights(argv[1]);
  const TensorMap& constants = weights.tensors;
  const ModelConfig model = modelOf(about, constants, argv[1]);
  print("fused layers", timesOf(fusedNetwork(constants, model, argv[1]), blob, passes));
  if (multipliesBytes())
    print("fused layers, 8-bit products",
          timesOf(fusedNetwork(constants, model, argv[1], /*int8=*/true), blob, passes));
  print("OpenCV's own", timesOf(cv::dnn::readNetFromONNX(argv[1]), blob, passes));
} catch (const std::exception& e) {
  std::cerr << "layer_times: " << e.what() << '\n';
  return 1;
}
