#include "objectives/reconstruction.hpp"

#include "compute/patches.hpp"
#include "compute/pixel_kernels.hpp"
#include "objectives/loss.hpp"

namespace cv::mixmim {

Reconstruction::Reconstruction(const Config& config, const Weights& weights, const Encoder& encoder,
                               Transfer& transfer)
    : config_(config),
      encoder_(encoder),
      transfer_(transfer),
      device_(weights.at("mask_token").device()),
      decoder_(weights, config.model) {}

at::Tensor Reconstruction::encode(const at::Tensor& mixed, const Batch& batch, DropPath* drop) const {
  const std::vector<StageOrder> orders =
      stageOrders(encoder_.plan(), batch.mixing.mask, device_, config_.mix.groupAttention);
  return encoder_.forward(mixed, orders, drop);
}

at::Tensor Reconstruction::loss(const Batch& batch) {
  const bool both = config_.mix.bothImages;
  const at::Tensor mixed = normalise(transfer_.upload(batch.images));
  const CellOrder cells(batch.mixing.mask, device_);
  DropPath drop(config_.run.seed, batch.key);
  const at::Tensor prediction = decoder_.predictHidden(encode(mixed, batch, &drop), cells, both);
  const at::Tensor& order = cells.cells.order;
  return meanSquaredError(prediction, hiddenTargets(mixed, encoder_.plan().stride,
                                                    both ? order : order.narrow(0, cells.own, cells.partner),
                                                    config_.model.normPixLoss));
}

Answers Reconstruction::answers(const Batch& batch) {
  const at::NoGradGuard noGrad;
  const Plan& plan = encoder_.plan();
  const at::Tensor mixed = normalise(transfer_.upload(batch.images).narrow(0, 0, batch.count));
  const CellOrder cells(batch.mixing.mask, device_);
  at::Tensor patches =
      decoder_.predictHidden(encode(mixed, batch, nullptr), cells).index_select(1, cells.cells.inverse);
  if (config_.model.normPixLoss) {  // the model predicts normalised patches; their statistics come from the
                                    // originals
    const PatchStatistics statistics = patchStatistics(hiddenPatches(mixed, plan.stride));
    patches = patches * statistics.deviation + statistics.mean;
  }
  const at::Tensor hidden = transfer_.upload(batch.mixing.mask).to(at::kBool).reshape({1, -1, 1});
  const at::Tensor originals = at::where(hidden, patches, patches.flip(0));  // by image, no longer by mixture
  Answers answers;
  answers.pictures = matOf(denormalise(unpatchify(originals, plan.stride, plan.cells)));
  return answers;
}

}  // namespace cv::mixmim
