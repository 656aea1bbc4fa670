#include "backends.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "products/one_dnn.hpp"

namespace cv::mixmim {

namespace {

/// cv::dnn::EngineType, which OpenCV has since version 5.
enum Engine { kDefault, kClassic, kNew, kAuto, kOnnxRuntime };

/// OpenCV's own code on the CPU, not another backend or target.
bool computesHere(const NetworkOptions& options) {
  const bool opencv =
      options.backend == cv::dnn::DNN_BACKEND_DEFAULT || options.backend == cv::dnn::DNN_BACKEND_OPENCV;
  return opencv && options.target == cv::dnn::DNN_TARGET_CPU;
}

void requireBackend(const NetworkOptions& options) {
  if (options.backend == 0 && options.target == 0) return;
  const auto targets = cv::dnn::getAvailableTargets(static_cast<cv::dnn::Backend>(options.backend));
  if (std::find(targets.begin(), targets.end(), options.target) != targets.end()) return;
  std::vector<std::string> here{"0/0"};
  for (const auto& [backend, target] : cv::dnn::getAvailableBackends())
    here.push_back(fmt::format("{}/{}", static_cast<int>(backend), static_cast<int>(target)));
  throw Error("dnn_network",
              fmt::format("expected a backend/target that OpenCV {} has here ({}), got {}/{}",
                          cv::getVersionString(), fmt::join(here, ", "), options.backend, options.target));
}

/// Whether OpenCV was built with ONNX Runtime, as it says itself.
bool hasOnnxRuntime() {
  const std::string& build = cv::getBuildInformation();
  const std::string key = "ONNX Runtime:";
  const size_t line = build.find(key);
  if (line == std::string::npos) return false;
  const size_t word = build.find_first_not_of(' ', line + key.size());
  return word != std::string::npos && build.compare(word, 3, "YES") == 0;
}

void requireEngine(const NetworkOptions& options) {
  if (CV_VERSION_MAJOR < 5 && options.engine != kDefault)
    throw Error(
        "dnn_network",
        fmt::format("expected OpenCV 5 for a choice of engine, got OpenCV {}", cv::getVersionString()),
        "leave ClassifierOptions::engine at 0");
  if (options.engine == kOnnxRuntime && !hasOnnxRuntime())
    throw Error("dnn_network",
                fmt::format("expected an OpenCV with ONNX Runtime for engine {}, got OpenCV {} without it",
                            options.engine, cv::getVersionString()),
                "leave ClassifierOptions::engine at 0");
  if ((options.engine == kNew || options.engine == kAuto) && !computesHere(options))
    throw Error("dnn_network",
                fmt::format("expected the classic engine (1) for backend/target {}/{}, got engine {}",
                            options.backend, options.target, options.engine),
                "leave ClassifierOptions::engine at 0");
}

void requireInt8(const NetworkOptions& options) {
  if (!options.int8) return;
  if (!usesFusedLayers(options))
    throw Error("dnn_network", "expected fused layers on the CPU for 8-bit products, got OpenCV's own layers",
                "leave backend, target and engine at 0 and fusedLayers on");
  if (!multipliesBytes())
    throw Error("dnn_network", "expected a processor with AVX-512 VNNI for 8-bit products, got another",
                "leave ClassifierOptions::int8 off");
}

cv::dnn::Net importNet(const std::string& path, [[maybe_unused]] const NetworkOptions& options) {
#if CV_VERSION_MAJOR >= 5
  if (options.engine != kDefault) return cv::dnn::readNetFromONNX(path, options.engine);
  if (!computesHere(options)) return cv::dnn::readNetFromONNX(path, kClassic);
#endif
  return cv::dnn::readNetFromONNX(path);
}

}  // namespace

bool usesFusedLayers(const NetworkOptions& options) {
  return options.fusedLayers && computesHere(options) && options.engine == kDefault;
}

void requireAvailable(const NetworkOptions& options) {
  requireEngine(options);
  requireBackend(options);
  requireInt8(options);
}

cv::dnn::Net stockNetwork(const std::string& path, const NetworkOptions& options) {
  cv::dnn::Net net = importNet(path, options);
  // Sets only what differs from a new Net, because the newer engines of OpenCV 5 warn of every choice.
  if (options.backend != cv::dnn::DNN_BACKEND_DEFAULT) net.setPreferableBackend(options.backend);
  if (options.target != cv::dnn::DNN_TARGET_CPU) net.setPreferableTarget(options.target);
  return net;
}

}  // namespace cv::mixmim
