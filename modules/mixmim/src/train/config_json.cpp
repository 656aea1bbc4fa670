#include <boost/json.hpp>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "train/option_value.hpp"
#include "train/resolve.hpp"

namespace cv::mixmim {

std::string toJson(const Config& config) {
  Config copy = config;
  boost::json::object root;
  for (const Option& option : options(copy)) {
    const size_t dot = option.name.find('.');
    boost::json::value value =
        std::visit(Overloaded{[](const std::vector<int>* v) { return boost::json::value_from(*v); },
                              [](const cv::Size* v) {
                                return v->width == v->height ? boost::json::value(v->width)
                                                             : boost::json::value(sizeText(*v));
                              },
                              [](const Task* v) { return boost::json::value(nameOf(*v)); },
                              [](const Family* v) { return boost::json::value(nameOf(*v)); },
                              [](const Orientation* v) { return boost::json::value(nameOf(*v)); },
                              [](const Labelling* v) { return boost::json::value(nameOf(*v)); },
                              [](const EvalRule* v) { return boost::json::value(nameOf(*v)); },
                              [](const auto* v) { return boost::json::value(*v); }},
                   option.value);
    auto& section = root[option.name.substr(0, dot)];
    if (section.is_null()) section.emplace_object();
    section.get_object()[option.name.substr(dot + 1)] = std::move(value);
  }
  return jsonText(root);
}

namespace {

/// A JSON value as the text Option::set reads.
std::string asText(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  std::string text = jsonText(value);  // numbers, true, false, and lists "[1,2]"
  if (value.is_array()) text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

Config fromJson(const std::string& json) {
  constexpr const char* kWhere = "config JSON";
  const boost::json::value root = parseJson(json, kWhere);
  if (!root.is_object()) throw Error(kWhere, "expected an object");
  Config config;
  const std::vector<Option> list = options(config);
  for (const auto& section : root.get_object()) {
    if (!section.value().is_object())
      throw Error(kWhere, fmt::format("expected an object for the section '{}'", std::string(section.key())));
    for (const auto& entry : section.value().get_object()) {
      const std::string key = fmt::format("{}.{}", std::string(section.key()), std::string(entry.key()));
      findOption(list, key, kWhere).set(asText(entry.value()));
    }
  }
  checkConfig(config);
  return config;
}

}  // namespace cv::mixmim
