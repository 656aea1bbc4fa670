#include "torch_trainer.hpp"

#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>

#include <utility>

#include "compute/torch_errors.hpp"
#include "kernels/signals.hpp"
#include "training/schedule.hpp"

namespace cv::mixmim {

namespace {

const Config& withThreads(const Config& config) {
  if (config.run.threads > 0) at::set_num_threads(config.run.threads);
  return config;
}

std::shared_ptr<const OwnKernels> kernelsOf(const RunConfig& run, at::Device device) {
  if (run.gpuKernels == "libtorch") return nullptr;
  return ownKernelsOn(device, computeType(run.precision));
}

}  // namespace

TorchTrainer::TorchTrainer(const Config& config)
    : Trainer(withThreads(config)),
      device_(openDevice(config.run.device)),
      kernels_(device_, kernelsOf(config.run, device_)),
      transfer_(device_),
      weights_(config.model, config.run.task, config.run.seed, device_, computeType(config.run.precision),
               config.optim.freeze),
      encoder_(weights_, config.model),
      objective_(makeObjective(this->config(), weights_, encoder_, transfer_)),
      optimizer_(weights_, config) {
  if (config.optim.ema > 0) average_.emplace(weights_, config.optim.ema);
}

/// Does work of this trainer, on whatever thread it is called. Signals wait meanwhile. The device is the
/// current one, because LibTorch would open a context on the first GPU otherwise. Its errors get names.
template <class Work>
auto TorchTrainer::onDevice(Work work) const {
  const SignalsHeldBack calm;
  const c10::DeviceGuard current(device_);
  try {
    return work();
  } catch (const c10::Error& e) {
    throwNamed(e, device_.str());
  }
}

std::shared_ptr<World> TorchTrainer::doJoin(const Launch& launch) {
  return onDevice([&] {
    const std::shared_ptr<TorchWorld> world = connectProcesses(launch, device_, config().run.lostSeconds);
    buckets_ = std::make_unique<GradientBuckets>(weights_, world);
    return std::shared_ptr<World>(world);
  });
}

cv::Mat TorchTrainer::doAllocate(int batch) {
  const cv::Size size = config().model.imageSize;
  return transfer_.allocate({batch, size.height, size.width, 3});
}

void TorchTrainer::accumulate(const at::Tensor& loss, const Batch& batch) {
  if (batch.accumulation.part == 0) loss_ = at::zeros_like(loss).detach();
  const at::Tensor share = batch.accumulation.inAll == 1 ? loss : loss / batch.accumulation.inAll;
  loss_ = loss_ + share.detach();
  const bool last = buckets_ && batch.accumulation.part + 1 == batch.accumulation.parts;
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

std::optional<StepReport> TorchTrainer::collectReport() {
  std::optional<StepReport> report = std::exchange(pending_, std::nullopt);
  if (!report) return report;
  const std::vector<float> numbers = transfer_.collect();
  report->loss = numbers.at(0);
  report->gradNorm = numbers.at(1);
  report->skipped = numbers.at(2) != 0;
  return report;
}

std::optional<StepReport> TorchTrainer::stepped(const Batch& batch) {
  if (batch.accumulation.part == 0) optimizer_.dropGradients();  // before the forward pass wants memory
  accumulate(objective_->loss(batch), batch);
  if (batch.accumulation.part + 1 < batch.accumulation.parts) {
    transfer_.wait();
    return std::nullopt;
  }
  const auto previous = collectReport();  // on a device: the step before, whose numbers have arrived by now
  const double lr = learningRate(config().optim, batch.capacity() * batch.accumulation.inAll, batch.epoch);
  update(lr);
  pending_.emplace();
  pending_->step = batch.step;
  pending_->lr = lr;
  transfer_.wait();  // the caller may now reuse the batch
  return device_.is_cpu() ? collectReport() : previous;
}

std::optional<StepReport> TorchTrainer::doStep(const Batch& batch) {
  return onDevice([&] { return stepped(batch); });
}

std::optional<StepReport> TorchTrainer::doFlush() {
  return onDevice([this] { return collectReport(); });
}

Answers TorchTrainer::doAnswers(const Batch& batch) {
  return onDevice([&] {
    const WeightAverage::InPlace averaged(average());
    return objective_->answers(batch);
  });
}

cv::Mat TorchTrainer::doFeatures(const Batch& batch) {
  return onDevice([&] {
    const WeightAverage::InPlace averaged(average());
    return matOf(featuresOf(encoder_, transfer_, batch));
  });
}

TrainerState TorchTrainer::doState() {
  return onDevice([this] {
    TrainerState state{weights_.toMap(), optimizer_.state()};
    if (average_) average_->exportTo(state.weights, state.optimizer);
    return state;
  });
}

void TorchTrainer::doRestore(const TrainerState& state) {
  onDevice([&] {
    weights_.assign(state.weights);
    if (average_) average_->restart();
    if (state.optimizer.empty()) return;
    optimizer_.restore(state.optimizer);
    if (average_) average_->importFrom(state.weights, state.optimizer);
  });
}

LoadReport TorchTrainer::doInitialise(const TensorMap& weights) {
  return onDevice([&] {
    const LoadReport report = weights_.initialise(weights, config().run.seed);
    if (average_) average_->restart();
    return report;
  });
}

}  // namespace cv::mixmim
