// Weights, images and masks that any language can repeat bit for bit: the recipe behind the numbers in
// tests/golden (tests/golden/README.md explains it). Everything is a hash of a name and an index; integers
// wrap at 64 bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "model/parameters.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim::test {

inline uint64_t fnv1a64(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001B3u;
  return hash;
}

/// The finaliser of SplitMix64.
inline uint64_t scramble(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// A float32 tensor with values in [-1, 1), all multiples of 2^-23.
inline Tensor field(uint64_t seed, const std::string& name, std::vector<int64_t> shape) {
  const uint64_t key = fnv1a64(std::to_string(seed) + ":" + name);
  Tensor tensor = Tensor::zeros(std::move(shape));
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const uint64_t z = scramble(key + (static_cast<uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u);
    tensor.as<float>()[i] = static_cast<float>(static_cast<int64_t>(z >> 40) - 8388608) * 0x1p-23f;
  }
  return tensor;
}

/// The value of one parameter that is not a position embedding. All factors are powers of two, so nothing is
/// rounded except the sum of a LayerNorm's weight.
inline Tensor recipeWeight(uint64_t seed, const std::string& name, const std::vector<int64_t>& shape) {
  const auto endsWith = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  float factor = 0.125f, offset = 0.f;  // biases
  const bool position = name == "cls_token" || name.compare(0, 9, "pos_embed") == 0;
  if (endsWith("relative_position_bias_table") || name == "mask_token" || position) {
    factor = 0.5f;
  } else if (shape.size() == 1 && endsWith(".weight")) {  // LayerNorm
    offset = 1.f;
  } else if (shape.size() > 1) {  // matrices: about 1 / sqrt(fan in)
    const int64_t fanIn = std::accumulate(shape.begin() + 1, shape.end(), int64_t{1}, std::multiplies<>());
    factor = std::ldexp(1.f, -std::ilogb(static_cast<double>(fanIn)) / 2);
  }
  Tensor tensor = field(seed, name, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i)
    tensor.as<float>()[i] = offset + factor * tensor.as<float>()[i];
  return tensor;
}

/// All parameters of a model; position embeddings are the fixed sine-cosine ones. With one seed, the encoders
/// of the pretraining and the fine-tuning model are equal.
inline TensorMap recipeWeights(const ModelConfig& model, Task task, uint64_t seed) {
  TensorMap weights;
  for (const Parameter& parameter : parameters(model, task))
    weights[parameter.name] = parameter.trainable ? recipeWeight(seed, parameter.name, parameter.shape)
                                                  : initialValue(parameter, seed);
  return weights;
}

/// Normalised images of training step `step`, batch x 3 x side x side, planes R G B: three fields of
/// different coarseness. `side` is a multiple of 32.
inline Tensor recipeImages(uint64_t seed, int step, int batch, int side = 224) {
  constexpr int kCoarse = 32, kMiddle = 8;  // pixels per value
  const std::string name = "images/" + std::to_string(step) + "/";
  const auto layer = [&](const char* which, int pixels) {
    return field(seed, name + which, {batch, 3, side / pixels, side / pixels});
  };
  const Tensor coarse = layer("coarse", kCoarse), middle = layer("middle", kMiddle), fine = layer("fine", 1);
  Tensor images = Tensor::zeros({batch, 3, side, side});
  float* out = images.as<float>();
  for (int plane = 0; plane < batch * 3; ++plane)
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x, ++out) {
        const auto at = [&](const Tensor& values, int pixels) {
          const int across = side / pixels;
          return values.as<float>()[(plane * across + y / pixels) * across + x / pixels];
        };
        *out = at(coarse, kCoarse) + 0.5f * at(middle, kMiddle) + 0.25f * at(fine, 1);
      }
  return images;
}

/// Mask of training step `step`: the int(cells * ratio) cells with the smallest noise are 1.
inline std::vector<uint8_t> recipeMask(uint64_t seed, int step, int cells, double ratio) {
  const Tensor noise = field(seed, "mask/" + std::to_string(step), {cells});
  std::vector<int> order(static_cast<size_t>(cells));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return noise.as<float>()[a] < noise.as<float>()[b]; });
  std::vector<uint8_t> mask(static_cast<size_t>(cells), 0);
  for (int i = 0; i < static_cast<int>(cells * ratio); ++i)
    mask[static_cast<size_t>(order[static_cast<size_t>(i)])] = 1;
  return mask;
}

/// Makes `model` the smallest one of another encoder than MixMIM's; false for any other name.
inline bool becomesOther(ModelConfig& model, const std::string& name) {
  if (name == "swin" || name == "swin14") {
    model.encoder = Family::kSwin;
    model.window = name == "swin" ? 7 : 14;
    model.depths = {2, 2, name == "swin" ? 2 : 1, 1};
    return true;
  }
  if (name == "twins_svt") {
    model.encoder = Family::kTwinsSvt;
    model.depths = {2, 2, 2, 2};
  } else if (name == "pvt" || name == "pvt_v2" || name == "twins_pcpvt") {
    model.encoder = name == "pvt" ? Family::kPvt : name == "pvt_v2" ? Family::kPvtV2 : Family::kTwinsPcpvt;
    model.depths = {1, 1, 2, name == "pvt" ? 2 : 1};
    model.mlpRatios = {8, 8, 4, 4};
  } else {
    return false;
  }
  model.dims = {8, 16, 24, 32};
  return true;
}

/// The models of the golden numbers: "micro", "tiny", "base", and "swin", "swin14", "pvt", "pvt_v2",
/// "twins_svt", "twins_pcpvt".
inline ModelConfig recipeModel(const std::string& name, int classes) {
  ModelConfig model;  // base
  model.name = name;
  model.classes = classes;
  if (name == "base") return model;
  model.depths = {1, 1, 2, 1};
  const bool micro = becomesOther(model, name) || name == "micro";
  model.embedDim = micro ? 8 : 32;
  model.headDim = micro ? 8 : 32;
  model.decoderDim = micro ? 16 : 64;
  model.decoderDepth = 1;
  model.decoderHeads = 2;
  return model;
}

/// Every number that adds to the residual stream becomes 2^-8 of itself, because a wrong eps of any LayerNorm
/// then shows.
inline void makeSmall(TensorMap& weights) {
  for (auto& [name, tensor] : weights)
    for (const char* part :
         {"patch_embed", "pos_embed", "cls_token", ".proj.", ".fc2.", ".sr.", ".reduction."})
      if (name.find(part) != std::string::npos) {
        for (int64_t i = 0; i < tensor.elements(); ++i) tensor.as<float>()[i] *= 0x1p-8F;
        break;
      }
}

}  // namespace cv::mixmim::test
