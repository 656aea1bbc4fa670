// Any bytes as a deployed model: an error, or constants that fit their shapes; an error, or a description
// that survives writing and reading.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model_io/onnx/builder.hpp"
#include "model_io/onnx/deployed_model.hpp"
#include "model_io/onnx/weights.hpp"
#include "opencv2/mixmim/error.hpp"

namespace {

using cv::mixmim::DeployedModel;

/// The description in a file of its own.
std::string fileOf(DeployedModel model) {
  cv::mixmim::OnnxBuilder net("empty");
  model.graphHash = net.graphHash();
  for (const auto& [key, value] : metadataOf(model)) net.metadata(key, value);
  std::string file;
  net.write([&](const void* data, size_t size) { file.append(static_cast<const char*>(data), size); });
  return file;
}

/// Reads every number that the constants claim to have.
void readConstants(std::string_view bytes) {
  try {
    for (const auto& [name, tensor] : cv::mixmim::parseOnnxWeights(bytes, "fuzz")) {
      volatile float last = 0;
      for (int64_t i = 0; i < tensor.elements(); ++i) last = tensor.as<float>()[i];
      (void)last;
    }
  } catch (const cv::mixmim::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  readConstants(bytes);
  DeployedModel model;
  try {
    model = cv::mixmim::parseDeployedModel(bytes, "fuzz");
  } catch (const cv::mixmim::Error&) {
    return 0;
  }
  const std::string file = fileOf(model);  // from here on, an error is a bug
  if (fileOf(cv::mixmim::parseDeployedModel(file, "again")) != file) std::abort();
  return 0;
}
