#include "deploy/onnx_description.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model_io/onnx/deployed_model.hpp"
#include "model_io/onnx/file.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

/// {"image": "batch x 3 x 224 x 224"}
json::object described(const std::vector<OnnxValue>& values) {
  json::object all;
  for (const OnnxValue& value : values) all[value.name] = fmt::format("{}", fmt::join(value.shape, " x "));
  return all;
}

std::string weightsOf(const OnnxFile& file) {
  if (file.halfParameters == 0) return nameOf(WeightType::kFloat32);
  if (2 * file.halfParameters > file.parameters) return nameOf(WeightType::kFloat16);
  return fmt::format("{} of {} numbers as fp16", file.halfParameters, file.parameters);
}

/// A side, or rows and columns.
json::value toJson(cv::Size size) {
  if (size.width == size.height) return size.width;
  return {size.height, size.width};
}

/// The dimensions of the network, as options of [model].
json::value dimensions(const ModelConfig& model) {
  Config config;
  config.model = model;
  return json::parse(toJson(config)).at("model");
}

/// The file's own description for its readers, in words and numbers.
void addDescription(const OnnxFile& file, const std::string& path, json::object& about) {
  const DeployedModel model = readDeployedModel(path);
  about["head"] = nameOf(model.head);
  if (model.model) about["model"] = dimensions(*model.model);  // not in files of format 1
  for (const char* key : {"output", "input", "resize", "normalisation"})
    if (const auto found = file.metadata.find(std::string("mixmim.") + key); found != file.metadata.end())
      about[key] = found->second;
  about["input_size"] = toJson(model.inputSize);
  about["eval_rule"] = nameOf(model.evalView.rule);
  about["eval_crop"] = model.evalView.crop;
  about["orientation"] = nameOf(model.orientation);
  about["classes"] = hasClasses(model.head) ? model.goldenOutput.cols : 0;
  about["labels"] = json::value_from(model.labels);
  about["facts"] = json::value_from(model.facts);
  about["golden"] = {{"picture", fmt::format("{} x {}", model.inputSize.height, model.inputSize.width)},
                     {"numbers", model.goldenOutput.cols},
                     {"tolerance", goldenTolerance(model)}};
  about["graph_hash"] = model.graphHash;  // as reading has checked
}

}  // namespace

json::object describeOnnx(const std::string& path) {
  const OnnxFile file = readOnnxFile(path);
  json::object about{{"file", path},
                     {"kind", "onnx"},
                     {"bytes", file.bytes},
                     {"ir", file.irVersion},
                     {"opset", file.opset},
                     {"producer", file.producer + " " + file.producerVersion},
                     {"inputs", described(file.inputs)},
                     {"outputs", described(file.outputs)},
                     {"parameters", file.parameters},
                     {"weights", weightsOf(file)},
                     {"nodes", file.nodes},
                     {"operators", json::value_from(file.operators)}};
  const bool ours = file.metadata.count("mixmim.format") > 0;
  about["written_by_mixmim"] = ours;
  if (ours) addDescription(file, path, about);
  return about;
}

}  // namespace cv::mixmim
