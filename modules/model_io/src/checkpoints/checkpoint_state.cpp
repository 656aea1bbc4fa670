#include "model_io/checkpoints/checkpoint_state.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

#include "model_io/files/hash.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;
constexpr int kFormat = 1;

template <class T>
T take(const json::object& object, const char* key, const std::string& where) {
  const json::value* value = object.if_contains(key);
  if (!value) throw Error(where, fmt::format("has no entry '{}'", key));
  try {
    return json::value_to<T>(*value);
  } catch (const std::exception&) {  // Boost's reasons differ between versions
    throw Error(where, fmt::format("entry '{}' has a value of the wrong kind", key));
  }
}

Config takeConfig(const json::object& object, const std::string& where) {
  const json::value* value = object.if_contains("config");
  if (!value) throw Error(where, "has no entry 'config'");
  try {
    return fromJson(jsonText(*value));
  } catch (const Error& e) {
    throw Error(where, e.what());
  }
}

/// The end of state.json for the text before it.
std::string checksumOf(std::string_view text) {
  return fmt::format(",\"checksum\":\"{}\"}}", hashOf(text.data(), text.size()));
}

}  // namespace

std::string stateText(const CheckpointInfo& info, const CheckpointMembers& members) {
  std::string text = jsonText(json::object{
      {"format", kFormat},
      {"versions", {{"mixmim", MIXMIM_VERSION}, {"opencv", CV_VERSION}}},
      {"step", info.step},
      {"epoch", info.epoch},
      {"best_top1", info.best},
      {"best_step", info.bestStep},
      {"data_fingerprint", info.dataFingerprint},
      {"labels", json::value_from(info.labels)},
      {"model_hash", members.model},
      {"optimizer_hash", members.optimizer},
      {"config", parseJson(toJson(info.config), "config")},
  });
  text.pop_back();  // the closing brace, which comes after the checksum
  return text + checksumOf(text);
}

void verifyStateText(const std::string& text, const std::string& where) {
  const size_t size = checksumOf({}).size();
  const bool intact = text.size() > size && text.compare(text.size() - size, size,
                                                         checksumOf({text.data(), text.size() - size})) == 0;
  if (!intact) throw Error(where, "is damaged: its content does not match its checksum");
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
  if (info.step < 0) throw Error(where, fmt::format("step: expected a number from 0, got {}", info.step));
  info.epoch = take<double>(object, "epoch", where);
  info.best = take<double>(object, "best_top1", where);
  if (object.contains("best_step")) info.bestStep = take<int64_t>(object, "best_step", where);
  info.dataFingerprint = take<std::string>(object, "data_fingerprint", where);
  info.labels = take<std::vector<std::string>>(object, "labels", where);
  info.config = takeConfig(object, where);
  if (members)
    *members = {take<std::string>(object, "model_hash", where),
                take<std::string>(object, "optimizer_hash", where)};
  return info;
}

}  // namespace cv::mixmim
