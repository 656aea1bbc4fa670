// The facts of an .onnx file, read without loading its network.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

/// An input or output of the network.
struct OnnxValue {
  std::string name;
  std::vector<std::string> shape;  ///< numbers and symbols: "batch", "3", "224", "224"
};

struct OnnxFile {
  int64_t bytes = 0;  ///< size of the file
  int64_t irVersion = 0;
  int64_t opset = 0;  ///< of the default domain
  std::string producer, producerVersion;
  int64_t nodes = 0;                         ///< operators of the graph
  std::map<std::string, int64_t> operators;  ///< how many of each type
  std::vector<OnnxValue> inputs, outputs;
  int64_t parameters = 0;      ///< floating-point numbers in the graph's constants
  int64_t parameterBytes = 0;  ///< and their size
  int64_t halfParameters = 0;  ///< those of them that are float16
  std::string graphHash;       ///< XXH3 (64 bits, hexadecimal) of the graph's bytes, weights included
  std::map<std::string, std::string> metadata;  ///< metadata_props
};

/// Reads the file, which may be hostile: sizes are checked before they are used, weights are hashed but not
/// kept (the file is mapped), lists are bounded, and what is allocated stays in proportion to the file.
/// Throws Error for a file that cannot be opened, is not ONNX or is damaged.
OnnxFile readOnnxFile(const std::string& path);

/// The same for bytes in memory; `where` names them in messages.
OnnxFile parseOnnx(std::string_view bytes, const std::string& where);

}  // namespace cv::mixmim
