// The classifier of a golden file.
#pragma once

#include "compute/device.hpp"
#include "network/encoder.hpp"
#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

/// Encoder, its features, head.
struct Classifier {
  /// `values`: a weight for every parameter.
  Classifier(const Config& settings, const TensorMap& values)
      : config(settings),
        device(openDevice(config.run.device)),
        weights(config.model, Task::kFinetune, 0, device, computeType(config.run.precision)),
        encoder(weights, config.model),
        head(weights, "head") {
    weights.assign(values);
  }

  at::Tensor pooled(const at::Tensor& images, const Trace& trace = {}) const {
    return encoder.features(images.to(device), nullptr, trace);
  }
  at::Tensor logits(const at::Tensor& images) const { return head(pooled(images)); }

  Config config;
  at::Device device;
  Weights weights;
  Encoder encoder;
  Linear head;
};

}  // namespace cv::mixmim::parity
