// The reference's own lists of parameters, and the model that they belong to.
#pragma once

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim::test {

using Names = std::vector<std::string>;

inline boost::json::value golden(const std::string& name) {
  const std::string path = MIXMIM_GOLDEN_DIR "/parity/" + name;
  std::ifstream file(path, std::ios::binary);
  return parseJson(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

/// The smallest of the reference's test models.
inline ModelConfig micro() {
  ModelConfig model;
  model.embedDim = model.headDim = 8;
  model.depths = {1, 1, 2, 1};
  model.decoderDim = 16;
  model.decoderDepth = 1;
  model.decoderHeads = 2;
  model.classes = 10;
  return model;
}

}  // namespace cv::mixmim::test
