// A named size in numbers, for people who choose one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/multiply_adds.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

struct ModelFacts {
  std::string name, family;   ///< "swin_t", "swin"
  ModelConfig model;          ///< at 224 px, with a head of 1000 classes
  int64_t parameters;         ///< of that classifier
  MultiplyAdds multiplyAdds;  ///< for one image
};

/// Throws Error for a name that is none of modelNames().
ModelFacts factsOf(const std::string& name);

/// Those of every named size, in the order of modelNames().
std::vector<ModelFacts> allModelFacts();

}  // namespace cv::mixmim
