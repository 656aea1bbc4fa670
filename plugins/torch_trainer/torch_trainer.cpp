#include "torch_trainer.hpp"

#include <ATen/Parallel.h>

#include "compute/patches.hpp"
#include "compute/pixel_kernels.hpp"
#include "kernels/signals.hpp"
#include "objectives/loss.hpp"
#include "training/schedule.hpp"

namespace cv::mixmim {

namespace {

const Config& withThreads(const Config& config) {
  if (config.run.threads > 0) at::set_num_threads(config.run.threads);
  return config;
}

at::ScalarType computeType(const std::string& precision) {
  return precision == "bfloat16" ? at::kBFloat16 : at::kFloat;
}

cv::Mat toMat(const at::Tensor& rows) {
  const bool bytes = rows.scalar_type() == at::kByte;
  const at::Tensor home = rows.to(at::kCPU, bytes ? at::kByte : at::kFloat).contiguous();
  const int type = bytes ? CV_8U : CV_32F;
  const std::vector<int> shape(home.sizes().begin(), home.sizes().end());
  return cv::Mat(static_cast<int>(shape.size()), shape.data(), type, home.data_ptr()).clone();
}

}  // namespace

TorchTrainer::TorchTrainer(const Config& config)
    : Trainer(withThreads(config)),
      device_(openDevice(config.run.device)),
      transfer_(device_),
      weights_(config.model, config.run.task, config.run.seed, device_, computeType(config.run.precision)),
      encoder_(weights_, config.model),
      optimizer_(weights_, config) {
  if (config.run.task == Task::kPretrain)
    decoder_.emplace(weights_, config.model);
  else
    head_.emplace(weights_, "head");
  if (config.optim.ema > 0) average_.emplace(weights_, config.optim.ema);
}

std::shared_ptr<World> TorchTrainer::doJoin(const Launch& launch) {
  const std::shared_ptr<TorchWorld> world = connectProcesses(launch, device_, config().run.patience);
  buckets_ = std::make_unique<GradientBuckets>(weights_, world);
  return world;
}

cv::Mat TorchTrainer::doAllocate(int batch) {
  const int side = config().model.imageSize;
  return transfer_.allocate({batch, side, side, 3});
}

at::Tensor TorchTrainer::encodeMixture(const at::Tensor& mixed, const Batch& batch, DropPath* drop) {
  const std::vector<StageOrder> orders =
      stageOrders(encoder_.plan(), batch.mask, device_, config().mix.groupAttention);
  return encoder_.forward(mixed, orders, drop);
}

at::Tensor TorchTrainer::pretrainingLoss(const Batch& batch) {
  const bool both = config().mix.bothImages;
  const at::Tensor mixed = normalise(transfer_.upload(batch.images));
  const CellOrder cells(batch.mask, device_);
  DropPath drop(config().run.seed, batch.key);
  const at::Tensor prediction = decoder_->predictHidden(encodeMixture(mixed, batch, &drop), cells, both);
  const at::Tensor& order = cells.cells.order;
  return meanSquaredError(prediction, hiddenTargets(mixed, encoder_.plan().stride,
                                                    both ? order : order.narrow(0, cells.own, cells.partner),
                                                    config().model.normPixLoss));
}

at::Tensor TorchTrainer::classificationLoss(const Batch& batch) {
  at::Tensor originals = normalise(transfer_.upload(batch.images));
  eraseBoxes(originals, batch.erasures);
  const at::Tensor images = mixImages(originals, batch.mixture);
  const at::Tensor labels = transfer_.upload(batch.labels).flatten().to(at::kLong);
  const at::Tensor targets =
      mixTargets(labels, config().model.classes, config().mix.labelSmoothing, batch.mixture);
  DropPath drop(config().run.seed, batch.key);
  return softCrossEntropy((*head_)(encoder_.forward(images, &drop).mean(1)), targets);
}

void TorchTrainer::accumulate(const at::Tensor& loss, const Batch& batch) {
  if (batch.part == 0) loss_ = at::zeros_like(loss).detach();
  const at::Tensor share = batch.inAll == 1 ? loss : loss / batch.inAll;
  loss_ = loss_ + share.detach();
  const bool last = buckets_ && batch.part + 1 == batch.parts;
  if (last) buckets_->begin(loss_);
  share.backward();
  if (last) loss_ = buckets_->finish();
}

void TorchTrainer::update(double lr) {
  const at::Tensor norm = optimizer_.gradientNorm();
  // A step whose loss or gradient is not finite changes nothing; decided on the device, so nothing waits for
  // it.
  const at::Tensor finite = loss_.isfinite().logical_and(norm.isfinite());
  if (config().optim.clipNorm > 0)
    optimizer_.scaleGradients((config().optim.clipNorm / (norm + 1e-6)).clamp_max(1));
  const at::Tensor skip = finite.logical_not().to(at::kFloat);
  optimizer_.step(lr, skip);
  if (average_) average_->update(skip);
  transfer_.fetch(at::stack({loss_, norm, skip}));
}

StepReport TorchTrainer::collectReport() {
  if (pending_.empty()) return {};
  StepReport report = pending_.back();
  pending_.clear();
  const std::vector<float> numbers = transfer_.collect();
  report.loss = numbers.at(0);
  report.gradNorm = numbers.at(1);
  report.skipped = numbers.at(2) != 0;
  return report;
}

StepReport TorchTrainer::doStep(const Batch& batch) {
  const SignalsHeldBack calm;
  if (batch.part == 0) optimizer_.dropGradients();  // before the forward pass wants memory
  accumulate(config().run.task == Task::kPretrain ? pretrainingLoss(batch) : classificationLoss(batch),
             batch);
  if (batch.part + 1 < batch.parts) {
    transfer_.wait();
    return {};
  }
  const StepReport previous =
      collectReport();  // on a device: the step before, whose numbers have arrived by now
  const double lr = learningRate(config().optim, batch.capacity() * batch.inAll, batch.epoch);
  update(lr);
  StepReport report;
  report.step = batch.step;
  report.lr = lr;
  pending_.push_back(report);
  transfer_.wait();  // the caller may now reuse the batch
  return device_.is_cpu() ? collectReport() : previous;
}

StepReport TorchTrainer::doFlush() {
  return collectReport();
}

at::Tensor TorchTrainer::pooled(const Batch& batch) {
  const at::NoGradGuard noGrad;
  const at::Tensor images = transfer_.upload(batch.images).narrow(0, 0, batch.count);
  const at::Tensor features = encoder_.forward(normalise(images)).mean(1);
  transfer_.wait();
  return features;
}

cv::Mat TorchTrainer::doLogits(const Batch& batch) {
  const SignalsHeldBack calm;
  const at::NoGradGuard noGrad;
  const WeightAverage::InPlace averaged(average());
  return toMat((*head_)(pooled(batch)));
}

cv::Mat TorchTrainer::doFeatures(const Batch& batch) {
  const SignalsHeldBack calm;
  const WeightAverage::InPlace averaged(average());
  return toMat(pooled(batch));
}

cv::Mat TorchTrainer::doReconstruct(const Batch& batch) {
  const SignalsHeldBack calm;
  const at::NoGradGuard noGrad;
  const WeightAverage::InPlace averaged(average());
  const at::Tensor mixed = normalise(transfer_.upload(batch.images).narrow(0, 0, batch.count));
  const CellOrder cells(batch.mask, device_);
  at::Tensor patches = decoder_->predictHidden(encodeMixture(mixed, batch, nullptr), cells)
                           .index_select(1, cells.cells.inverse);
  if (config().model.normPixLoss) {  // the model predicts normalised patches; their statistics come from the
                                     // originals
    const PatchStatistics statistics = patchStatistics(hiddenPatches(mixed, encoder_.plan().stride));
    patches = patches * statistics.deviation + statistics.mean;
  }
  const at::Tensor hidden = transfer_.upload(batch.mask).to(at::kBool).reshape({1, -1, 1});
  const at::Tensor originals = at::where(hidden, patches, patches.flip(0));  // by image, no longer by mixture
  return toMat(denormalise(unpatchify(originals, encoder_.plan().stride, encoder_.plan().cells)));
}

TrainerState TorchTrainer::doState() {
  TrainerState state{weights_.toMap(), optimizer_.state()};
  if (average_) average_->exportTo(state.weights, state.optimizer);
  return state;
}

void TorchTrainer::doRestore(const TrainerState& state) {
  weights_.assign(state.weights);
  if (average_) average_->restart();
  if (state.optimizer.empty()) return;
  optimizer_.restore(state.optimizer);
  if (average_) average_->importFrom(state.weights, state.optimizer);
}

LoadReport TorchTrainer::doInitialise(const TensorMap& weights) {
  const LoadReport report = weights_.initialise(weights, config().run.seed);
  if (average_) average_->restart();
  return report;
}

}  // namespace cv::mixmim
