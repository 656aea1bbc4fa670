#include "report/records/machine_record.hpp"

#include <boost/json.hpp>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim::report {

namespace json = boost::json;

namespace {

constexpr size_t kMost = 100;

std::string plain(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : jsonText(value);
}

/// {"versions": {"fmt": "9"}} -> ("versions.fmt", "9")
void flatten(const json::object& object, const std::string& before, MachineRecord& record) {
  for (const auto& entry : object) {
    if (record.facts.size() == kMost) return;
    const std::string name = before + std::string(entry.key());
    if (entry.value().is_object())
      flatten(entry.value().get_object(), name + ".", record);
    else
      record.facts.emplace_back(name, plain(entry.value()));
  }
}

}  // namespace

MachineRecord parseMachine(std::string_view text, const std::string& where) {
  json::value root = parseJson(text, where);
  if (!root.is_object()) throw Error(where, "expected an object");
  json::object& object = root.get_object();
  MachineRecord record;
  if (const json::value* folder = object.if_contains("folder")) record.folder = plain(*folder);
  if (const json::value* commands = object.if_contains("commands"); commands && commands->is_array())
    for (const json::value& command : commands->get_array())
      if (record.commands.size() < kMost) record.commands.push_back(plain(command));
  for (const char* name : {"folder", "commands"}) object.erase(name);
  flatten(object, "", record);
  return record;
}

}  // namespace cv::mixmim::report
