#include "tests/parity/pretraining.hpp"

#include "compute/device.hpp"
#include "compute/pixel_kernels.hpp"
#include "tests/parity/compare.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

at::Tensor cellsOf(const cv::Mat& mask) {
  return at::from_blob(mask.data, {mask.rows, mask.cols}, at::kByte).to(at::kBool);
}

at::Tensor spread(const at::Tensor& cells, int64_t factor) {
  return cells.repeat_interleave(factor, 0).repeat_interleave(factor, 1);
}

at::Tensor mixCells(const at::Tensor& images, const at::Tensor& cells) {
  const at::Tensor pixels = spread(cells, images.size(1) / cells.size(0)).unsqueeze(-1);  // S x S x 1
  return at::where(pixels, images.flip(0), images);
}

Pretraining::Pretraining(const Golden& file, const Config& settings)
    : golden(file),
      config(settings),
      device(openDevice(config.run.device)),
      plan(planOf(config.model)),
      weights(config.model, Task::kPretrain, 0, device, computeType(config.run.precision)),
      encoder(weights, config.model),
      decoder(weights, config.model) {
  weights.assign(test::recipeWeights(config.model, Task::kPretrain, golden.seed()));
}

cv::Mat Pretraining::mask(int step) const {
  const std::vector<uint8_t> mask =
      test::recipeMask(golden.seed(), step, plan.cellCount(), golden.number("mask_ratio"));
  return cv::Mat(mask, true).reshape(1, plan.cells.height);
}

at::Tensor Pretraining::encode(const cv::Mat& mask, const at::Tensor& mixed, const Trace& trace) const {
  return encoder.forward(mixed.to(device), stageOrders(plan, mask, device), nullptr, trace);
}

at::Tensor Pretraining::views(const cv::Mat& mask, const at::Tensor& images, const Trace& trace) const {
  const at::Tensor tokens = encode(mask, mixCells(images, cellsOf(mask)), trace);
  return decoder.views(tokens, CellOrder(mask, device), trace);
}

at::Tensor Pretraining::loss(int step) const {
  const cv::Mat cells = mask(step);
  const CellOrder order(cells, device);
  const at::Tensor mixed = mixCells(imagesOf(golden, step), cellsOf(cells)).to(device);
  return meanSquaredError(decoder.predictHidden(encode(cells, mixed), order),
                          hiddenTargets(mixed, plan.stride, order.cells.order, config.model.normPixLoss));
}

}  // namespace cv::mixmim::parity
