#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "data_pipeline/cores.hpp"
#include "deploy/onnx_description.hpp"
#include "evaluation/measure.hpp"
#include "model/plan.hpp"
#include "model_io/files/file_format.hpp"
#include "model_io/open_checkpoint.hpp"
#include "model_io/pytorch/named_models.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/network.hpp"
#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/machine.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

/// Description of a plugin file; its error where it cannot be loaded.
json::object describePlugin(const std::string& path) {
  json::object entry{{"name", std::filesystem::path(path).stem().string()}, {"path", path}};
  try {
    const std::string name = loadPlugin(path).table->interfaceName;
    const bool deploys = name == Network::kInterface;
    const Plugin& plugin = loadPlugin(path, deploys ? interfaceOf<Network>() : interfaceOf<Trainer>());
    entry["interface"] = name;
    entry["description"] = json::parse(plugin.table->describe());
  } catch (const Error& e) {
    entry["error"] = e.what();
  }
  return entry;
}

json::object installation() {
  json::array plugins, devices;
  for (const std::string& path : findPlugins()) {
    const json::object plugin = describePlugin(path);
    if (const json::value* description = plugin.if_contains("description");
        description && plugin.at("interface") == Trainer::kInterface)
      for (const json::value& device : description->at("devices").as_array()) devices.push_back(device);
    plugins.push_back(plugin);
  }
  return {{"versions", programVersions()},
          {"plugins", plugins},
          {"devices", devices},
          {"cores", availableCores()}};
}

/// The window of the first stage, and of Twins' blocks that have one; null where attention has none.
json::value windowOf(const ModelConfig& model) {
  const Block& first = planOf(model).stages.front().blocks.front();
  if (first.meeting != Meeting::kWindow) return nullptr;
  return sizeText(first.window).c_str();
}

/// The model in a few words: its encoder, the name of its size, what depends on the pictures.
json::object modelInBrief(const Config& config) {
  const auto named = namedModelLike(config.model, config.run.task);
  return {{"encoder", titleOf(config.model.encoder)},
          {"size", named ? json::value(named->name) : json::value(nullptr)},
          {"window", windowOf(config.model)},
          {"image", sizeText(config.model.imageSize)},
          {"classes", config.model.classes}};
}

json::object describeCheckpoint(const std::string& path) {
  const CheckpointInfo info = readCheckpointInfo(path);
  int64_t count = 0;
  for (const auto& [name, tensor] : readWeights(path)) count += tensor.elements();
  return {{"file", path},
          {"kind", nameOf(weightsKindOf(path))},
          {"source", readSource(path)},
          {"model", modelInBrief(info.config)},
          {"step", info.step},
          {"epoch", info.epoch},
          {"parameters", count},
          {fmt::format("best_{}", headlineName(info.config.model.labels)),
           info.best >= 0 ? json::value(info.best) : json::value(nullptr)},
          {"labels", json::value_from(info.labels)},
          {"notes", json::value_from(readNotes(path))},
          {"config", json::parse(toJson(info.config))}};
}

/// A value on one line; of a long list the beginning.
std::string shortened(const json::value& value) {
  constexpr size_t kShown = 8;
  if (value.is_null()) return "none";
  if (value.is_double()) return fmt::format("{:.6g}", value.get_double());
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_array() || value.get_array().size() <= kShown) return jsonText(value);
  const json::array& list = value.get_array();
  const json::array shown(list.begin(), list.begin() + kShown);
  const std::string text = jsonText(shown);
  return fmt::format("{}, and {} more]", text.substr(0, text.size() - 1), list.size() - kShown);
}

/// "best_top1" -> "best top-1", "best_map" -> "best mAP"
std::string inWords(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  for (const auto& [name, spoken] : {std::pair<std::string, const char*>{"top1", "top-1"}, {"map", "mAP"}})
    if (const size_t at = key.find(name); at != std::string::npos) key.replace(at, name.size(), spoken);
  return key;
}

bool isListOfObjects(const json::value& value) {
  const json::array* list = value.if_array();
  return list && !list->empty() &&
         std::all_of(list->begin(), list->end(), [](const json::value& entry) { return entry.is_object(); });
}

/// "key  value" lines, nested objects indented.
void print(const json::object& object, int indent = 0) {
  for (const auto& entry : object) {
    const std::string key = inWords(std::string(entry.key()));
    std::cout << std::string(static_cast<size_t>(indent), ' ');
    if (entry.value().is_object()) {
      std::cout << key << '\n';
      print(entry.value().get_object(), indent + 2);
    } else if (isListOfObjects(entry.value())) {
      std::cout << key << '\n';
      for (const json::value& one : entry.value().get_array()) print(one.get_object(), indent + 2);
    } else {
      std::cout << fmt::format("{:<18} {}\n", key, shortened(entry.value()));
    }
  }
}

CommandLine commandLine(const Arguments&) {
  CommandLine line("info", "Versions, plugins and devices; or what a checkpoint, run folder or .onnx holds.",
                   "[FILE] [--json]", "mixmim info model.onnx");
  line.flag("json", "Print the result as one JSON object.").words("FILE");
  return line;
}

int run(const CommandLine& line) {
  if (line.words().size() > 1) throw UsageError("mixmim info: expected at most one file");
  json::object about;
  if (line.words().empty())
    about = installation();
  else if (formatOf(line.words().front()) == FileFormat::kOnnx)
    about = describeOnnx(line.words().front());
  else
    about = describeCheckpoint(line.words().front());
  if (line.has("json"))
    std::cout << jsonText(about) << '\n';
  else
    print(about);
  return kDone;
}

}  // namespace

Verb infoVerb() {
  return {"info", "versions, plugins, devices; or what a file holds", commandLine, run};
}

}  // namespace cv::mixmim
