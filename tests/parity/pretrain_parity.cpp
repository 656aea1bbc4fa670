#include "compute/patches.hpp"
#include "opencv2/mixmim/text.hpp"
#include "tests/parity/activations.hpp"
#include "tests/parity/parameters_parity.hpp"
#include "tests/parity/parity.hpp"
#include "tests/parity/pretraining.hpp"
#include "tests/parity/training_parity.hpp"

namespace cv::mixmim::parity {

namespace {

void checkMask(const Pretraining& model, const at::Tensor& mask, Report& report) {
  const Golden& golden = model.golden;
  const std::vector<double> wanted = numbersOf(golden.at("mask_step0"));
  Quantity quantity(report, golden.name + " mask");
  for (size_t i = 0; i < wanted.size(); ++i)
    quantity.addExact(cv::format("cell %zu", i), mask.flatten()[static_cast<int64_t>(i)].item<double>(),
                      wanted[i]);
  for (const auto& [name, tensor] : golden.tensors)
    if (startsWith(name, "mask.stage")) {
      const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(tensor.elements()))));
      compareTensor(quantity, name, spread(mask, side / mask.size(0)).reshape(tensor.shape), tensor);
    }
}

/// A file has the images themselves or their mixture.
void checkImages(const Pretraining& model, const at::Tensor& mask, const at::Tensor& images, Report& report) {
  const Golden& golden = model.golden;
  Quantity quantity(report, golden.name + " images");
  const json::value* mixed = golden.find("mixed_images_step0");
  if (mixed) compareDescription(quantity, "mixed", mixCells(images, mask).permute({0, 3, 1, 2}), *mixed);
  if (!mixed || golden.find("images_step0"))
    compareEntry(quantity, golden, "images_step0", images.permute({0, 3, 1, 2}));
}

/// Mixing pixels must equal mixing tokens after the patch embedding, to the bit, except where patches read
/// beyond their cell.
void checkMixing(const Pretraining& model, const at::Tensor& mask, const at::Tensor& images, Report& report) {
  if (model.plan.stages.front().narrowing == Narrowing::kOverlapping) return;
  Quantity quantity(report, model.golden.name + " mixing pixels = mixing tokens");
  const at::NoGradGuard noGrad;
  const at::Tensor own = model.encoder.embed(images.to(model.device)),
                   mixed = model.encoder.embed(mixCells(images, mask).to(model.device));
  const int64_t factor = model.plan.stages.front().grid.width / model.plan.cells.width;
  const at::Tensor tokens = spread(mask, factor).reshape({1, -1, 1}).to(model.device);
  quantity.addExact("largest difference",
                    (at::where(tokens, own.flip(0), own) - mixed).abs().max().item<double>(), 0);
}

/// What the decoder is to predict, B x L x (pixels of a cell).
at::Tensor targetsOf(const Pretraining& model, const at::Tensor& images) {
  const at::Tensor patches = patchify(images, model.plan.stride);
  if (!model.config.model.normPixLoss) return patches;
  const PatchStatistics statistics = patchStatistics(patches);
  return (patches - statistics.mean) / statistics.deviation;
}

/// Both views as the decoder's blocks see them, 2B x L x D: `embedded` tokens of one image each, the mask
/// token in the places of the other, and the position embedding.
at::Tensor decoderInput(const Pretraining& model, const at::Tensor& mask, const at::Tensor& embedded) {
  const at::Tensor partner = mask.reshape({1, -1, 1}).to(model.device);
  const at::Tensor &hole = model.weights.at("mask_token"), &position = model.weights.at("decoder_pos_embed");
  return at::cat({at::where(partner, hole, embedded), at::where(partner, embedded, hole)}) + position;
}

/// What a forward pass traces, under the names of the file. Files that name their encoder keep the patches
/// that the encoder sees and what the decoder's blocks see; the older ones both before anything is mixed or
/// filled.
void showForward(const Pretraining& model, const cv::Mat& bits, const at::Tensor& images,
                 Activations& activations) {
  const bool older = !model.golden.find("config.encoder");
  const at::Tensor mask = cellsOf(bits);
  if (merges(model.plan))
    activations.show("patch_embed",
                     model.encoder.embed((older ? images : mixCells(images, mask)).to(model.device)));
  const Trace show = activations.trace(model.plan);
  const at::Tensor decoded = model.views(bits, images, [&](const std::string& name, const at::Tensor& value) {
    show(name, older || name != "decoder_embed" ? value : decoderInput(model, mask, value));
  });
  activations.show("prediction", model.decoder.predict(decoded));
}

void checkActivations(const Pretraining& model, const cv::Mat& mask, const at::Tensor& images,
                      Report& report) {
  const Golden& golden = model.golden;
  const at::NoGradGuard noGrad;
  Quantity descriptions(report, golden.name + " activations"),
      full(report, golden.name + " activations, full tensors");
  Activations activations(golden, descriptions, full);
  showForward(model, mask, images, activations);
  activations.offer("target", targetsOf(model, images));
  activations.finish();
  if (golden.tensors.empty()) full.addExact("no .safetensors beside the file", 0, 0);
}

}  // namespace

void checkPretraining(const Golden& golden, Report& report) {
  const Config config = configOf(golden, Task::kPretrain, report);
  checkConfig(golden, config, report);
  const Pretraining model(golden, config);
  checkWeights(golden, config, model.weights, report);
  const cv::Mat bits = model.mask(0);
  const at::Tensor mask = cellsOf(bits), images = imagesOf(golden, 0);
  report.part(golden.name + " mask", [&] { checkMask(model, mask, report); });
  checkImages(model, mask, images, report);
  checkMixing(model, mask, images, report);
  checkActivations(model, bits, images, report);
  checkLearning(
      golden, config, model.weights, [&](int step) { return model.loss(step); }, report);
}

}  // namespace cv::mixmim::parity
