#include "opencv2/mixmim/plugin.hpp"

#include <boost/json.hpp>

#include "plugins/dnn_classifier/dnn_classifier.hpp"

namespace cv::mixmim {

namespace {

std::string description() {
  boost::json::array backends;
  for (const auto& [backend, target] : cv::dnn::getAvailableBackends())
    backends.push_back({{"backend", static_cast<int>(backend)}, {"target", static_cast<int>(target)}});
  return boost::json::serialize(boost::json::object{
      {"version", MIXMIM_VERSION}, {"opencv", CV_VERSION}, {"devices", {"cpu"}}, {"backends", backends}});
}

const char* describe() {
  static const std::string text = description();
  return text.c_str();
}

void* create(const char* json, char* error, size_t errorCapacity) {
  const auto make = [&] {
    const boost::json::object settings = boost::json::parse(json).as_object();
    ClassifierOptions options;
    options.backend = settings.at("backend").to_number<int>();
    options.target = settings.at("target").to_number<int>();
    options.replayGolden = settings.at("replayGolden").as_bool();
    return std::make_unique<DnnClassifier>(std::string(settings.at("path").as_string()), options);
  };
  return createAtBorder<Classifier>(make, error, errorCapacity);
}

void destroy(void* object) {
  delete static_cast<Classifier*>(object);
}

constexpr PluginTable kTable{
    sizeof(PluginTable), kPluginAbi, Classifier::kInterface, describe, create, destroy};

}  // namespace

}  // namespace cv::mixmim

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::kTable;
}
