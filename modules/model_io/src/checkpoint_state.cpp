#include "checkpoint_state.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/options.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;
constexpr int kFormat = 1;

template <class T>
T take(const json::object& object, const char* key, const std::string& where) {
  const json::value* value = object.if_contains(key);
  const auto result =
      value ? json::try_value_to<T>(*value) : boost::system::error_code(json::error::not_found);
  if (!result) throw Error(where, fmt::format("expected a valid entry '{}'", key));
  return *result;
}

}  // namespace

std::string stateText(const CheckpointInfo& info, const CheckpointMembers& members) {
  return json::serialize(json::object{{"format", kFormat},
                                      {"version", MIXMIM_VERSION},
                                      {"step", info.step},
                                      {"epoch", info.epoch},
                                      {"best_top1", info.bestTop1},
                                      {"data_fingerprint", info.dataFingerprint},
                                      {"labels", json::value_from(info.labels)},
                                      {"model_hash", members.model},
                                      {"optimizer_hash", members.optimizer},
                                      {"config", parseJson(toJson(info.config), "config")}});
}

CheckpointInfo parseState(const std::string& text, const std::string& where, CheckpointMembers* members) {
  const json::value root = parseJson(text, where);
  if (!root.is_object()) throw Error(where, "expected a JSON object");
  const json::object& object = root.get_object();
  const int format = take<int>(object, "format", where);
  if (format != kFormat)
    throw Error(where, fmt::format("expected checkpoint format {}, got {}", kFormat, format),
                "it was written by another version");
  CheckpointInfo info;
  info.step = take<int64_t>(object, "step", where);
  info.epoch = take<double>(object, "epoch", where);
  info.bestTop1 = take<double>(object, "best_top1", where);
  info.dataFingerprint = take<std::string>(object, "data_fingerprint", where);
  info.labels = take<std::vector<std::string>>(object, "labels", where);
  info.config = fromJson(json::serialize(object.contains("config") ? object.at("config") : json::value()));
  if (members)
    *members = {take<std::string>(object, "model_hash", where),
                take<std::string>(object, "optimizer_hash", where)};
  return info;
}

}  // namespace cv::mixmim
