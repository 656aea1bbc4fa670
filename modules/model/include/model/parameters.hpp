// Every parameter of a model by its official name: shape, initial value, how it is trained. The trainer
// builds its modules from this list and the exporter checks files against it, because all must agree on names
// and shapes.
#pragma once

#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// How a parameter starts (spec of the reference: "Initialisation").
enum class Init {
  kUniform,    ///< U(-bound, bound): Xavier, sqrt(6 / (in + out)), for linear weights; 1 / sqrt(fan in) for
               ///< patch_embed.proj
  kZero,       ///< biases
  kOne,        ///< LayerNorm weights
  kNormal,     ///< normal with std `bound`
  kNormal002,  ///< normal, std 0.02; the references cut it at +-2, a hundred deviations away
  kSinCos,     ///< frozen position embedding
};

/// How a parameter that stands for a grid is brought to another grid: bicubic, or bilinear.
enum class Interpolation { kBicubic, kBilinear };

struct Parameter {
  std::string name;
  std::vector<int64_t> shape;
  Init init;
  double bound = 0;  ///< of Init::kUniform and kNormal
  cv::Size grid;     ///< what the rows of a position embedding or bias table stand for; else empty
  Interpolation interpolation = Interpolation::kBicubic;  ///< of that grid
  bool trainable = true;                                  ///< false: a constant of the model
  bool decays = true;                                     ///< weight decay applies
  int layer = 0;  ///< for layer decay in fine-tuning: 0 next to the pixels, more towards the head
};

/// The parameters in registration order (the order of the official optimiser): mask_token (pretraining),
/// position embeddings and class token (where the encoder has them), decoder_pos_embed (pretraining), the
/// encoder by Plan::registration, decoder or head. `classes` is read from the config for Task::kFinetune.
/// Throws Error where planOf does.
std::vector<Parameter> parameters(const ModelConfig& model, Task task);

/// The initial value of one parameter: a pure function of (parameter, seed), keyed by the name.
Tensor initialValue(const Parameter& parameter, uint64_t seed);

/// The classifier head of a model that starts from pretrained weights: weight normal with std 2e-5, bias 0.
Tensor redrawnHead(const Parameter& parameter, uint64_t seed);

/// All of them: an untrained model.
TensorMap initialWeights(const ModelConfig& model, Task task, uint64_t seed);

/// Fixed sine-cosine embedding, (1, grid.area(), dim): first half of the channels encodes the column, second
/// half the row.
Tensor positionEmbedding(cv::Size grid, int dim);

}  // namespace cv::mixmim
