// The parameters of a model for each task: the encoder and a head, in registration order.
#pragma once

#include <vector>

#include "model/parameters.hpp"

namespace cv::mixmim {

/// Task::kPretrain: mask token and embeddings, encoder, decoder (paper section 3).
std::vector<Parameter> reconstructionParameters(const ModelConfig& model);

/// Task::kFinetune: encoder, and a linear head where there are classes.
std::vector<Parameter> classificationParameters(const ModelConfig& model);

}  // namespace cv::mixmim
