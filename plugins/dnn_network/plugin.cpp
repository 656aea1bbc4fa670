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

/// The classifier that the JSON of Classifier::create asks for. Paths need not be UTF-8.
std::unique_ptr<Classifier> classifierFrom(const char* json) {
  boost::json::parse_options parsing;
  parsing.allow_invalid_utf8 = true;
  const boost::json::object settings = boost::json::parse(json, {}, parsing).as_object();
  ClassifierOptions options;
  options.backend = settings.at("backend").to_number<int>();
  options.target = settings.at("target").to_number<int>();
  options.engine = settings.at("engine").to_number<int>();
  options.fusedLayers = settings.at("fusedLayers").as_bool();
  options.int8 = settings.at("int8").as_bool();
  options.flip = settings.at("flip").as_bool();
  options.replayGolden = settings.at("replayGolden").as_bool();
  return std::make_unique<DnnNetwork>(settings.at("path").as_string().c_str(), options);
}

void* create(const char* json, char* error, size_t errorCapacity) {
  return createAtBorder<Classifier>([&] { return classifierFrom(json); }, error, errorCapacity);
}

void destroy(void* object) {
  delete static_cast<Classifier*>(object);
}

constexpr PluginTable kTable = tableOf<Classifier>(describe, create, destroy);

}  // namespace

}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
