#include <boost/json.hpp>
#include <boost/version.hpp>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <opencv2/core/utility.hpp>

#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/verb.hpp"
#include "data_pipeline/cores.hpp"
#include "data_pipeline/versions.hpp"
#include "model_io/checkpoint.hpp"
#include "model_io/deployed_model.hpp"
#include "model_io/foreign_checkpoint.hpp"
#include "model_io/onnx_file.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/trainer.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

/// Description of a plugin file; its error where it cannot be loaded.
json::object describePlugin(const std::string& path) {
  json::object entry{{"name", std::filesystem::path(path).stem().string()}, {"path", path}};
  for (const char* interfaceName : {Trainer::kInterface, Classifier::kInterface}) {
    try {
      const Plugin& plugin = loadPlugin(path, interfaceName);
      entry["interface"] = interfaceName;
      entry["description"] = json::parse(plugin.table->describe());
      entry.erase("error");
      return entry;
    } catch (const Error& e) {
      entry["error"] = e.what();
    }
  }
  return entry;
}

json::object installation() {
  json::array plugins, devices;
  for (const std::string& path : findPlugins()) {
    json::object plugin = describePlugin(path);
    if (const json::value* description = plugin.if_contains("description");
        description && plugin["interface"] == Trainer::kInterface)
      for (const json::value& device : description->at("devices").as_array()) devices.push_back(device);
    plugins.push_back(std::move(plugin));
  }
  return {{"versions",
           {{"mixmim", MIXMIM_VERSION},
            {"opencv", cv::getVersionString()},
            {"tbb", tbbVersion()},
            {"libjpeg", jpegVersion()},
            {"boost", BOOST_LIB_VERSION},
            {"fmt", FMT_VERSION}}},
          {"plugins", plugins},
          {"devices", devices},
          {"cores", availableCores()}};
}

json::object describeOnnx(const std::string& path) {
  const OnnxFile file = readOnnxFile(path);
  json::object about{{"file", path},        {"kind", "onnx"},
                     {"bytes", file.bytes}, {"ir", file.irVersion},
                     {"opset", file.opset}, {"producer", file.producer + " " + file.producerVersion},
                     {"nodes", file.nodes}, {"parameters", file.parameters}};
  const DeployedModel model = readDeployedModel(path);
  about["input_size"] = model.inputSize;
  about["eval_crop"] = model.evalCrop;
  about["head"] = nameOf(model.head);
  about["labels"] = json::value_from(model.labels);
  about["facts"] = json::value_from(model.facts);
  return about;
}

json::object describeCheckpoint(const std::string& path) {
  const CheckpointInfo info = readCheckpointInfo(path);
  int64_t count = 0;
  for (const auto& [name, tensor] : readWeights(path)) count += tensor.elements();
  json::array notes;
  if (isPthName(path))
    for (const std::string& note : ForeignCheckpoint(path).notes()) notes.emplace_back(note);
  return {{"file", path},
          {"kind", isPthName(path) ? "pth" : "checkpoint"},
          {"step", info.step},
          {"epoch", info.epoch},
          {"parameters", count},
          {"best_top1", info.bestTop1},
          {"labels", json::value_from(info.labels)},
          {"notes", notes},
          {"config", json::parse(toJson(info.config))}};
}

/// "key  value" lines, nested objects indented.
void print(const json::object& object, int indent = 0) {
  for (const auto& entry : object) {
    const std::string key(entry.key());
    std::cout << std::string(static_cast<size_t>(indent), ' ');
    if (entry.value().is_object()) {
      std::cout << key << '\n';
      print(entry.value().get_object(), indent + 2);
    } else {
      const json::value& value = entry.value();
      std::cout << fmt::format("{:<18} {}\n", key,
                               value.is_string() ? std::string(value.get_string()) : json::serialize(value));
    }
  }
}

}  // namespace

int runInfo(const Arguments& arguments) {
  CommandLine line("info", "Versions, plugins and devices; or what a checkpoint, run folder or .onnx holds.",
                   "[FILE] [--json]", "mixmim info model.onnx");
  line.flag("json", "Print the result as one JSON object.").words("FILE");
  if (!line.parse(arguments)) return kDone;
  if (line.words().size() > 1) throw UsageError("mixmim info: expected at most one file");
  json::object about;
  if (line.words().empty())
    about = installation();
  else if (std::filesystem::path(line.words().front()).extension() == ".onnx")
    about = describeOnnx(line.words().front());
  else
    about = describeCheckpoint(line.words().front());
  if (line.has("json"))
    std::cout << json::serialize(about) << '\n';
  else
    print(about);
  return kDone;
}

}  // namespace cv::mixmim
