#include "model/parameters.hpp"

#include <cmath>

#include "opencv2/mixmim/train/random.hpp"
#include "parameters/heads.hpp"

namespace cv::mixmim {

namespace {

/// FNV-1a, so that a parameter's values do not depend on the parameters around it.
uint64_t hashOf(const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const unsigned char byte : name) hash = (hash ^ byte) * 0x100000001B3u;
  return hash;
}

template <class Draw>
Tensor filled(const std::vector<int64_t>& shape, Draw draw) {
  Tensor tensor = Tensor::zeros(shape);
  float* values = tensor.as<float>();
  for (int64_t i = 0; i < tensor.elements(); ++i) values[i] = static_cast<float>(draw());
  return tensor;
}

}  // namespace

std::vector<Parameter> parameters(const ModelConfig& model, Task task) {
  switch (task) {
    case Task::kPretrain:
      return reconstructionParameters(model);
    case Task::kFinetune:
      return classificationParameters(model);
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

Tensor initialValue(const Parameter& parameter, uint64_t seed) {
  const std::vector<int64_t>& shape = parameter.shape;
  Rng rng(seed, hashOf(parameter.name), 0, Purpose::kInitialise);
  switch (parameter.init) {
    case Init::kUniform:
      return filled(shape, [&] { return rng.uniform(-parameter.bound, parameter.bound); });
    case Init::kNormal:
      return filled(shape, [&] { return parameter.bound * rng.normal(); });
    case Init::kNormal002:
      return filled(shape, [&] { return 0.02 * rng.normal(); });
    case Init::kOne:
      return filled(shape, [] { return 1.0; });
    case Init::kZero:
      return Tensor::zeros(shape);
    case Init::kSinCos:
      return positionEmbedding(parameter.grid, static_cast<int>(shape.back()));
  }
  return Tensor::zeros(shape);
}

Tensor redrawnHead(const Parameter& parameter, uint64_t seed) {
  if (parameter.init == Init::kZero) return initialValue(parameter, seed);
  Rng rng(seed, hashOf(parameter.name), 0, Purpose::kInitialise);
  return filled(parameter.shape, [&] { return 2e-5 * rng.normal(); });
}

TensorMap initialWeights(const ModelConfig& model, Task task, uint64_t seed) {
  TensorMap weights;
  for (const Parameter& parameter : parameters(model, task))
    weights[parameter.name] = initialValue(parameter, seed);
  return weights;
}

Tensor positionEmbedding(cv::Size grid, int dim) {
  const int quarter = dim / 4;
  Tensor tensor = Tensor::zeros({1, grid.area(), dim});
  float* row = tensor.as<float>();
  for (int y = 0; y < grid.height; ++y) {
    for (int x = 0; x < grid.width; ++x, row += dim) {
      for (int k = 0; k < quarter; ++k) {
        const double omega = std::pow(10000.0, -static_cast<double>(k) / quarter);
        row[k] = static_cast<float>(std::sin(x * omega));
        row[quarter + k] = static_cast<float>(std::cos(x * omega));
        row[2 * quarter + k] = static_cast<float>(std::sin(y * omega));
        row[3 * quarter + k] = static_cast<float>(std::cos(y * omega));
      }
    }
  }
  return tensor;
}

}  // namespace cv::mixmim
