#include "onnx/model_text.hpp"

#include <boost/json.hpp>

#include "model/plan.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace json = boost::json;

namespace {

/// Takes the name out of the settings, because as an option it must be one of modelNames().
std::string takeName(json::object& settings, const std::string& where) {
  const json::value* name = settings.if_contains("name");
  if (!name || !name->is_string())
    throw Error(where, "expected a text \"name\", got none", "export the model anew");
  std::string text(name->get_string());
  settings.erase("name");
  return text;
}

}  // namespace

std::string textOf(const ModelConfig& model) {
  Config config;
  config.model = model;
  return jsonText(parseJson(toJson(config), "config").at("model"));
}

ModelConfig modelOfText(const std::string& text, const std::string& where) {
  json::value settings = parseJson(text, where);
  if (!settings.is_object()) throw Error(where, "expected a JSON object", "export the model anew");
  const std::string name = takeName(settings.get_object(), where);
  try {
    ModelConfig model = fromJson(jsonText(json::object{{"model", settings}})).model;
    model.name = name;
    planOf(model);  // throws where sizes contradict each other
    return model;
  } catch (const Error& error) {
    throw Error(where, error.what());
  }
}

}  // namespace cv::mixmim
