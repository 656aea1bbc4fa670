#include "objectives/classification.hpp"

#include "compute/pixel_kernels.hpp"
#include "objectives/loss.hpp"

namespace cv::mixmim {

Classification::Classification(const Config& config, const Weights& weights, const Encoder& encoder,
                               Transfer& transfer)
    : config_(config),
      encoder_(encoder),
      transfer_(transfer),
      head_(weights, "head"),
      erase_(head_.weight.device()) {}

at::Tensor Classification::loss(const Batch& batch) {
  const at::Tensor originals = normalise(transfer_.upload(batch.images));
  erase_(originals, batch.erasures);
  const at::Tensor images = mixImages(originals, batch.mixing.mixture);
  const at::Tensor targets = mixTargets(this->targets(batch), batch.mixing.mixture);
  const at::Tensor weights =
      batch.classWeights.empty() ? at::Tensor() : transfer_.upload(batch.classWeights).flatten();
  DropPath drop(config_.run.seed, batch.key);
  DropPath* const drops = config_.optim.freeze ? nullptr : &drop;
  const at::Tensor logits = head_(encoder_.features(images, drops));
  return config_.model.labels == Labelling::kSeveral ? binaryCrossEntropy(logits, targets, weights)
                                                     : softCrossEntropy(logits, targets, weights);
}

/// Targets of the images before they are mixed, B x classes.
at::Tensor Classification::targets(const Batch& batch) const {
  const double smoothing = config_.mix.labelSmoothing;
  if (config_.model.labels == Labelling::kSeveral)
    return labelTargets(transfer_.upload(batch.labelTargets), smoothing);
  const at::Tensor labels = transfer_.upload(batch.classTargets).flatten().to(at::kLong);
  return classTargets(labels, config_.model.classes, smoothing);
}

Answers Classification::answers(const Batch& batch) {
  const at::NoGradGuard noGrad;
  Answers answers;
  answers.scores = matOf(head_(featuresOf(encoder_, transfer_, batch)));
  return answers;
}

}  // namespace cv::mixmim
