#include "objectives/loss.hpp"

#include "compute/device.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

at::Tensor channelConstant(const float (&values)[3], const at::Device& device) {
  return toDevice(at::tensor(at::ArrayRef<float>(values, 3), at::kFloat), device);
}

}  // namespace

at::Tensor denormalise(const at::Tensor& images) {
  return (images * channelConstant(kStd, images.device()) + channelConstant(kMean, images.device()))
      .mul_(255)
      .round_()
      .clamp_(0, 255)
      .to(at::kByte);
}

at::Tensor mixImages(const at::Tensor& images, const Mixture& mixture) {
  if (mixture.lambda == 1.f) return images;
  if (mixture.box.empty()) return images * mixture.lambda + images.flip(0) * (1 - mixture.lambda);
  const cv::Rect& box = mixture.box;
  const auto boxOf = [&](const at::Tensor& all) {
    return all.narrow(1, box.y, box.height).narrow(2, box.x, box.width);
  };
  at::Tensor mixed = images.clone();
  boxOf(mixed).copy_(boxOf(images.flip(0)));
  return mixed;
}

at::Tensor classTargets(const at::Tensor& labels, int64_t classes, double smoothing) {
  const double off = smoothing / static_cast<double>(classes), on = 1 - smoothing + off;
  return at::full({labels.size(0), classes}, off, labels.options().dtype(at::kFloat))
      .scatter_(1, labels.unsqueeze(1), on);
}

at::Tensor labelTargets(const at::Tensor& labels, double smoothing) {
  return labels.to(at::kFloat).mul_(1 - smoothing).add_(smoothing / static_cast<double>(labels.size(1)));
}

at::Tensor mixTargets(const at::Tensor& targets, const Mixture& mixture) {
  if (mixture.lambda == 1.f) return targets;
  return targets * mixture.lambda + targets.flip(0) * (1 - mixture.lambda);
}

at::Tensor softCrossEntropy(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& weights) {
  const at::Tensor weighted = weights.defined() ? targets * weights : targets;
  return -(weighted * logits.log_softmax(-1, targets.scalar_type())).sum(-1).mean();
}

at::Tensor binaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets,
                              const at::Tensor& weights) {
  return at::binary_cross_entropy_with_logits(logits.to(targets.scalar_type()), targets, {}, weights);
}

}  // namespace cv::mixmim
