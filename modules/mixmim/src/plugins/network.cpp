#include "opencv2/mixmim/network.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/plugin.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

std::string shapeOf(const cv::Mat& numbers) {
  if (numbers.empty()) return "none";
  const std::string sizes =
      fmt::format("{}", fmt::join(numbers.size.p, numbers.size.p + numbers.dims, " x "));
  return numbers.type() == CV_32F ? sizes
                                  : sizes + " of type " + std::string(cv::typeToString(numbers.type()));
}

void checkInputs(const char* where, const std::vector<cv::Mat>& inputs, cv::Size size) {
  if (inputs.empty()) throw Error(where, "expected at least one picture, got none");
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].dims != 2 || inputs[i].size() != size || inputs[i].type() != CV_8UC3)
      throw Error(where, fmt::format("expected pictures of {} x {} of type CV_8UC3, got {} as picture {}",
                                     size.height, size.width, shapeOf(inputs[i]), i));
}

std::string toJson(const NetworkRequest& request) {
  const NetworkOptions& options = request.options;
  return json::serialize(json::object{{"path", request.path},
                                      {"backend", options.backend},
                                      {"target", options.target},
                                      {"engine", options.engine},
                                      {"fusedLayers", options.fusedLayers},
                                      {"int8", options.int8},
                                      {"plugin", options.plugin},
                                      {"replayGolden", options.replayGolden}});
}

}  // namespace

NetworkRequest networkRequestFrom(const char* text) {
  json::parse_options parsing;
  parsing.allow_invalid_utf8 = true;
  const json::object request = json::parse(text, {}, parsing).as_object();
  NetworkOptions options;
  options.backend = request.at("backend").to_number<int>();
  options.target = request.at("target").to_number<int>();
  options.engine = request.at("engine").to_number<int>();
  options.fusedLayers = request.at("fusedLayers").as_bool();
  options.int8 = request.at("int8").as_bool();
  options.plugin = request.at("plugin").as_string().c_str();
  options.replayGolden = request.at("replayGolden").as_bool();
  return {request.at("path").as_string().c_str(), options};
}

std::shared_ptr<Network> Network::open(const std::string& path, const NetworkOptions& options) {
  const Plugin& plugin = loadPlugin(options.plugin, interfaceOf<Network>());
  return std::static_pointer_cast<Network>(createObject(plugin, toJson({path, options})));
}

Network::Network(NetworkDescription description) : description_(std::move(description)) {
  const cv::Size size = description_.inputSize;
  if (size.width < 1 || size.height < 1)
    throw Error(description_.path,
                fmt::format("expected pictures of a size, got {} x {}", size.width, size.height));
}

Network::~Network() = default;

void Network::requireRows(const cv::Mat& answer, size_t rows, int width) const {
  if (answer.dims == 2 && answer.rows == static_cast<int>(rows) && answer.cols == width &&
      answer.type() == CV_32F)
    return;
  throw Error(
      description_.path,
      fmt::format("the network's answer, expected {} x {} numbers, got {}", rows, width, shapeOf(answer)),
      "export the model anew");
}

Answers Network::answers(const std::vector<cv::Mat>& inputs) {
  checkInputs("Network::answers", inputs, description_.inputSize);
  Answers answers = doAnswers(inputs);
  if (description_.labels.empty())
    requireRows(answers.features, inputs.size(), description_.featureSize);
  else
    requireRows(answers.scores, inputs.size(), static_cast<int>(description_.labels.size()));
  return answers;
}

cv::Mat Network::features(const std::vector<cv::Mat>& inputs) {
  checkInputs("Network::features", inputs, description_.inputSize);
  cv::Mat features = doFeatures(inputs);
  requireRows(features, inputs.size(), description_.featureSize);
  return features;
}

}  // namespace cv::mixmim
