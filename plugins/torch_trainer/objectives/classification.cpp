#include "objectives/classification.hpp"

#include "compute/pixel_kernels.hpp"
#include "objectives/loss.hpp"

namespace cv::mixmim {

Classification::Classification(const Config& config, const Weights& weights, const Encoder& encoder,
                               Transfer& transfer)
    : config_(config), encoder_(encoder), transfer_(transfer), head_(weights, "head") {}

at::Tensor Classification::loss(const Batch& batch) {
  at::Tensor originals = normalise(transfer_.upload(batch.images));
  eraseBoxes(originals, batch.erasures);
  const at::Tensor images = mixImages(originals, batch.mixing.mixture);
  const at::Tensor labels = transfer_.upload(batch.classTargets).flatten().to(at::kLong);
  const at::Tensor targets =
      mixTargets(labels, config_.model.classes, config_.mix.labelSmoothing, batch.mixing.mixture);
  DropPath drop(config_.run.seed, batch.key);
  DropPath* const drops = config_.optim.freeze ? nullptr : &drop;
  return softCrossEntropy(head_(encoder_.forward(images, drops).mean(1)), targets);
}

Answers Classification::answers(const Batch& batch) {
  const at::NoGradGuard noGrad;
  Answers answers;
  answers.scores = matOf(head_(pooledFeatures(encoder_, transfer_, batch)));
  return answers;
}

}  // namespace cv::mixmim
