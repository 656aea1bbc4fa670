#include "opencv2/mixmim/plugin.hpp"

#include <set>

#include <boost/json.hpp>

#include "dnn_network.hpp"
#include "kernels/layers.hpp"

namespace cv::mixmim {

namespace {

std::string deviceOf(cv::dnn::Target target) {
  switch (target) {
    case cv::dnn::DNN_TARGET_CPU:
      return "cpu";
    case cv::dnn::DNN_TARGET_OPENCL:
    case cv::dnn::DNN_TARGET_OPENCL_FP16:
      return "opencl";
    case cv::dnn::DNN_TARGET_CUDA:
    case cv::dnn::DNN_TARGET_CUDA_FP16:
      return "cuda";
    default:
      return "target " + std::to_string(static_cast<int>(target));
  }
}

std::string description() {
  boost::json::array backends;
  std::set<std::string> devices;
  for (const auto& [backend, target] : cv::dnn::getAvailableBackends()) {
    backends.push_back({{"backend", static_cast<int>(backend)}, {"target", static_cast<int>(target)}});
    devices.insert(deviceOf(target));
  }
  return boost::json::serialize(boost::json::object{{"version", MIXMIM_VERSION},
                                                    {"opencv", cv::getVersionString()},
                                                    {"kernels", nameOfKernels()},
                                                    {"devices", boost::json::value_from(devices)},
                                                    {"backends", backends}});
}

const char* describe() {
  static const std::string text = description();
  return text.c_str();
}

void* create(const char* json, char* error, size_t errorCapacity) {
  const auto make = [&] {
    const NetworkRequest request = networkRequestFrom(json);
    return std::make_unique<DnnNetwork>(request.path, request.options);
  };
  return createAtBorder<Network>(make, error, errorCapacity);
}

void destroy(void* object) {
  delete static_cast<Network*>(object);
}

constexpr PluginTable kTable = tableOf<Network>(describe, create, destroy);

}  // namespace

}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
