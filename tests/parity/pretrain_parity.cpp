#include "compute/patches.hpp"
#include "compute/pixel_kernels.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"
#include "network/encoder.hpp"
#include "objectives/decoder.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/geometry.hpp"
#include "tests/parity/parity.hpp"
#include "tests/parity/training_parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

/// The mask as bool, cells x cells.
at::Tensor cellsOf(const cv::Mat& mask) {
  return at::from_blob(mask.data, {mask.rows, mask.cols}, at::kByte).to(at::kBool);
}

/// Mixing under a binary mask, B x S x S x 3: where `cells` is true, image B-1-i. Its own inverse.
at::Tensor mixCells(const at::Tensor& images, const at::Tensor& cells) {
  const int64_t stride = images.size(1) / cells.size(0);
  const at::Tensor pixels =
      cells.repeat_interleave(stride, 0).repeat_interleave(stride, 1).unsqueeze(-1);  // S x S x 1
  return at::where(pixels, images.flip(0), images);
}

/// The model of a golden file with the recipe's weights, and one step of it.
struct Pretraining {
  Pretraining(const Golden& file, const Config& settings)
      : golden(file),
        config(settings),
        geometry(geometryOf(config.model)),
        weights(config.model, Task::kPretrain, 0, at::kCPU),
        encoder(weights, config.model),
        decoder(weights, config.model) {
    weights.assign(test::recipeWeights(config.model, Task::kPretrain, golden.seed()));
  }

  cv::Mat mask(int step) const {
    const std::vector<uint8_t> mask =
        test::recipeMask(golden.seed(), step, geometry.cellCount(), golden.number("mask_ratio"));
    return cv::Mat(mask, true).reshape(1, geometry.cells);
  }

  at::Tensor encode(const cv::Mat& mask, const at::Tensor& mixed, const Trace& trace = {}) const {
    return encoder.forward(mixed, TokenOrder(geometry, mask, at::kCPU), nullptr, trace);
  }

  at::Tensor views(const cv::Mat& mask, const at::Tensor& images, const Trace& trace) const {
    const at::Tensor tokens = encode(mask, mixCells(images, cellsOf(mask)), trace);
    return decoder.views(tokens, CellOrder(mask, at::kCPU), trace);
  }

  at::Tensor loss(int step) const {
    const cv::Mat cells = mask(step);
    const CellOrder order(cells, at::kCPU);
    const at::Tensor mixed = mixCells(imagesOf(golden, step), cellsOf(cells));
    return meanSquaredError(
        decoder.predictHidden(encode(cells, mixed), order),
        hiddenTargets(mixed, geometry.stride, order.cells.order, config.model.normPixLoss));
  }

  const Golden& golden;
  Config config;
  Geometry geometry;
  Weights weights;
  Encoder encoder;
  Decoder decoder;
};

void checkInputs(const Pretraining& model, const at::Tensor& mask, const at::Tensor& images, Report& report) {
  const Golden& golden = model.golden;
  {
    Quantity quantity(report, golden.name + " mask");
    const std::vector<double> wanted = numbersOf(golden.at("mask_step0"));
    for (size_t i = 0; i < wanted.size(); ++i)
      quantity.addExact(cv::format("cell %zu", i), mask.flatten()[static_cast<int64_t>(i)].item<double>(),
                        wanted[i]);
    for (const auto& [name, tensor] : golden.tensors)
      if (name.rfind("mask.stage", 0) == 0) {
        const auto side =
            static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(tensor.elements()))));
        const int64_t factor = side / model.geometry.cells;
        const at::Tensor tokens = mask.repeat_interleave(factor, 0).repeat_interleave(factor, 1);
        compareTensor(quantity, name, tokens.reshape(tensor.shape), tensor);
      }
  }
  Quantity quantity(report, golden.name + " images");
  compareDescription(quantity, "step 0", images.permute({0, 3, 1, 2}), golden.at("images_step0"));
}

/// Mixing pixels must equal mixing tokens after the patch embedding, to the bit.
void checkMixing(const Pretraining& model, const at::Tensor& mask, const at::Tensor& images, Report& report) {
  Quantity quantity(report, model.golden.name + " mixing pixels = mixing tokens");
  const at::NoGradGuard noGrad;
  const at::Tensor own = model.encoder.embed(images), mixed = model.encoder.embed(mixCells(images, mask));
  const int64_t factor = model.geometry.stages.front().grid / model.geometry.cells;
  const at::Tensor tokens =
      mask.repeat_interleave(factor, 0).repeat_interleave(factor, 1).reshape({1, -1, 1});
  quantity.addExact("largest difference",
                    (at::where(tokens, own.flip(0), own) - mixed).abs().max().item<double>(), 0);
}

/// Parts of predictions that the files keep: ".image0", ".image_last", ".cellsAtoB".
at::Tensor partOf(const std::string& name, const at::Tensor& prediction) {
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  at::Tensor part = prediction;
  if (has(".image0")) part = part.narrow(0, 0, 1);
  if (has(".image_last")) part = part.narrow(0, part.size(0) - 1, 1);
  if (const size_t at = name.find(".cells"); at != std::string::npos) {
    int from = 0, to = 0;
    if (std::sscanf(name.c_str() + at, ".cells%dto%d", &from, &to) == 2)
      part = part.narrow(1, from, to - from + 1);
  }
  return part;
}

void checkActivations(const Pretraining& model, const cv::Mat& mask, const at::Tensor& images,
                      Report& report) {
  const Golden& golden = model.golden;
  const at::NoGradGuard noGrad;
  Quantity descriptions(report, golden.name + " activations"),
      full(report, golden.name + " activations, full tensors");
  const json::object& wanted = golden.at("activations").as_object();
  const auto compare = [&](const std::string& name, const at::Tensor& value) {
    if (const json::value* entry = wanted.if_contains(name))
      compareDescription(descriptions, name, value, *entry);
    if (const auto tensor = golden.tensors.find(name); tensor != golden.tensors.end())
      compareTensor(full, name, value, tensor->second);
  };
  compare("patch_embed", model.encoder.embed(images));
  const at::Tensor prediction = model.decoder.predict(model.views(mask, images, compare));
  compare("prediction", prediction);
  const at::Tensor patches = patchify(images, model.geometry.stride);
  const PatchStatistics statistics = patchStatistics(patches);
  const at::Tensor target = (patches - statistics.mean) / statistics.deviation;
  for (const auto& [name, tensor] : golden.tensors) {
    if (name.rfind("prediction.", 0) == 0) compareTensor(full, name, partOf(name, prediction), tensor);
    if (name.rfind("target.", 0) == 0) compareTensor(full, name, partOf(name, target), tensor);
  }
  if (golden.tensors.empty()) full.addExact("no .safetensors beside the file", 0, 0);
}

}  // namespace

at::Tensor imagesOf(const Golden& golden, int step) {
  return toTorch(test::recipeImages(golden.seed(), step, golden.batch())).permute({0, 2, 3, 1}).contiguous();
}

void checkPretraining(const Golden& golden, Report& report) {
  const Pretraining model(golden, configOf(golden, Task::kPretrain, report));
  const cv::Mat bits = model.mask(0);
  const at::Tensor mask = cellsOf(bits), images = imagesOf(golden, 0);
  checkWeights(golden, model.config, model.weights, report);
  checkInputs(model, mask, images, report);
  checkMixing(model, mask, images, report);
  checkActivations(model, bits, images, report);
  checkLearning(
      golden, model.config, model.weights, [&](int step) { return model.loss(step); }, report);
}

namespace {

/// Moments are tiny: what was stored must come back to the last digit that the description has.
void compareMoment(Quantity& quantity, const std::string& where, const at::Tensor& got,
                   const json::value& wanted) {
  constexpr double kPrinted = 1e-12;
  for (const json::value& sample : wanted.at("samples").as_array()) {
    const auto index = sample.at(0).to_number<int64_t>();
    quantity.addRelative(where, got.flatten()[index].item<double>(), sample.at(1).to_number<double>(),
                         kPrinted);
  }
  const double sum = got.to(at::kDouble).abs().sum().item<double>();
  quantity.addRelative(where + " abs_sum", sum, wanted.at("abs_sum").to_number<double>(), kPrinted);
}

/// A tensor that the file must have: of a name that is no parameter, an index buffer, which we derive.
at::Tensor storedTensor(const TensorMap& weights, const std::string& name, const Geometry& geometry) {
  const auto found = weights.find(name);
  if (found != weights.end()) return toTorch(found->second);
  int stage = 0;
  if (name.find("relative_position_index") == std::string::npos ||
      std::sscanf(name.c_str(), "layers.%d.", &stage) != 1)
    throw Error("checkpoint", "expected a tensor " + name);
  const cv::Mat index = relativePositionIndex(geometry.stages.at(static_cast<size_t>(stage)).window);
  return at::from_blob(index.data, {index.rows, index.cols}, at::kInt).clone();
}

/// The tensors of the file against "checkpoint_model" and "checkpoint_optimizer_state".
void checkContent(const Golden& golden, const TrainerState& state, const Geometry& geometry,
                  const std::string& about, Report& report) {
  Quantity weights(report, about + " weights"), moments(report, about + " optimizer state");
  for (const auto& item : golden.at("checkpoint_model").as_object()) {
    const at::Tensor tensor = storedTensor(state.weights, item.key(), geometry);
    compareDescription(weights, item.key(), tensor, item.value());
  }
  for (const auto& item : golden.at("checkpoint_optimizer_state").as_object()) {
    const std::string name(item.key());
    for (const char* moment : {"exp_avg", "exp_avg_sq"}) {
      const std::string key = name + "." + moment;
      compareMoment(moments, key, toTorch(state.optimizer.at(key)), item.value().at(moment));
    }
    moments.addExact(name + " steps", static_cast<double>(*state.optimizer.at("step").as<int64_t>()),
                     item.value().at("step").to_number<double>());
  }
}

}  // namespace

void checkResuming(const Golden& golden, const std::string& path, Report& report) {
  const std::string about = "resume " + golden.name.substr(0, golden.name.rfind('_'));
  const TrainerState state = readTrainerState(path);
  Config config = configOf(golden, Task::kPretrain, report);
  checkContent(golden, state, geometryOf(config.model), about, report);
  config.optim = hyperParameters(golden);
  Pretraining model(golden, config);  // with the weights before training
  std::map<std::string, at::Tensor> before;
  for (const Parameter& parameter : model.weights.list())
    before[parameter.name] = model.weights.at(parameter.name).detach().clone();
  model.weights.assign(state.weights);
  AdamW optimizer(model.weights, config);
  optimizer.restore(state.optimizer);
  const auto done = static_cast<size_t>(*state.optimizer.at("step").as<int64_t>());
  checkSteps(
      golden, about, config.optim, optimizer, done, [&](int step) { return model.loss(step); }, report);
  checkTrainedSamples(golden, about, model.weights, before, report);
}

}  // namespace cv::mixmim::parity
