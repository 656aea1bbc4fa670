#include "opencv2/mixmim/train/trainer.hpp"

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

std::string shapeText(const cv::Mat& m) {
  std::string text = "[";
  for (int d = 0; d < m.dims; ++d) text += fmt::format("{}{}", d ? " x " : "", m.size[d]);
  return text + "]";
}

void require(bool ok, const char* where, const std::string& what) {
  if (!ok) throw Error(where, what);
}

void checkMask(const char* where, const Config& config, const Batch& batch) {
  const cv::Size cells = cellsOf(config.model);
  const cv::Mat& mask = batch.mixing.mask;
  require(
      mask.size() == cells && mask.type() == CV_8UC1, where,
      fmt::format("expected a mask of {} x {} bytes, got {}", cells.height, cells.width, shapeText(mask)));
}

void checkLabels(const char* where, const Config& config, const Batch& batch) {
  const cv::Mat& labels = batch.labelTargets;
  require(labels.size() == cv::Size(config.model.classes, batch.capacity()) && labels.type() == CV_8UC1,
          where,
          fmt::format("expected labels {} x {}, 8 bit, got {}", batch.capacity(), config.model.classes,
                      shapeText(labels)));
  require(cv::countNonZero(labels > 1) == 0, where, "expected labels 0 and 1, got a larger number");
}

void checkClassWeights(const char* where, const Config& config, const cv::Mat& weights) {
  if (weights.empty()) return;
  require(weights.size() == cv::Size(config.model.classes, 1) && weights.type() == CV_32FC1, where,
          fmt::format("expected a weight for each of {} classes, got {}", config.model.classes,
                      shapeText(weights)));
}

void checkClasses(const char* where, const Config& config, const Batch& batch) {
  const cv::Mat& labels = batch.classTargets;
  require(labels.rows == batch.capacity() && labels.type() == CV_32SC1, where,
          fmt::format("expected {} labels, got {}", batch.capacity(), shapeText(labels)));
  const int last = config.model.classes - 1;
  for (int i = 0; i < labels.rows; ++i) {
    const int label = labels.at<int>(i);
    require(label >= 0 && label <= last, where,
            fmt::format("expected labels 0 to {}, got {} at image {}", last, label, i));
  }
}

}  // namespace

Trainer::Trainer(const Config& config) : config_(config) {}
Trainer::~Trainer() = default;

void Trainer::checkImages(const char* where, const Batch& batch) const {
  const cv::Size size = config_.model.imageSize;
  const cv::Mat& images = batch.images;
  const bool shaped = images.dims == 4 && batch.imageSize() == size && images.size[3] == 3;
  require(shaped && images.type() == CV_8UC1 && images.isContinuous(), where,
          fmt::format("expected images N x {} x {} x 3, 8 bit, got {} of type {}", size.height, size.width,
                      shapeText(images), std::string(cv::typeToString(images.type()))));
  require(batch.count >= 1 && batch.count <= images.size[0], where,
          fmt::format("expected a count of 1 to {}, got {}", images.size[0], batch.count));
}

cv::Mat Trainer::allocate(int batch) {
  require(batch >= 1, "Trainer::allocate", fmt::format("expected at least one image, got {}", batch));
  return doAllocate(batch);
}

std::shared_ptr<World> Trainer::join(const Launch& launch) {
  require(!started_, "Trainer::join", "the model has already been trained");
  return doJoin(launch);
}

std::shared_ptr<World> Trainer::doJoin(const Launch& launch) {
  throw Error("run.trainer", fmt::format("'{}' trains in one process only, got {} processes",
                                         config_.run.trainer, launch.size));
}

std::optional<StepReport> Trainer::step(const Batch& batch) {
  constexpr const char* kWhere = "Trainer::step";
  checkImages(kWhere, batch);
  require(batch.count == batch.capacity(), kWhere,
          fmt::format("expected a full batch of {}, got {}", batch.capacity(), batch.count));
  switch (config_.run.task) {
    case Task::kPretrain:
      checkMask(kWhere, config_, batch);
      break;
    case Task::kFinetune:
      if (config_.model.labels == Labelling::kSeveral)
        checkLabels(kWhere, config_, batch);
      else
        checkClasses(kWhere, config_, batch);
      checkClassWeights(kWhere, config_, batch.classWeights);
      break;
  }
  started_ = true;
  return doStep(batch);
}

std::optional<StepReport> Trainer::flush() {
  return doFlush();
}

Answers Trainer::answers(const Batch& batch) {
  constexpr const char* kWhere = "Trainer::answers";
  checkImages(kWhere, batch);
  if (config_.run.task == Task::kPretrain) checkMask(kWhere, config_, batch);
  return doAnswers(batch);
}

cv::Mat Trainer::features(const Batch& batch) {
  checkImages("Trainer::features", batch);
  return doFeatures(batch);
}

std::optional<DeviceMemory> Trainer::deviceMemory() const {
  return doDeviceMemory();
}

std::optional<DeviceMemory> Trainer::doDeviceMemory() const {
  return std::nullopt;
}

TrainerState Trainer::state() {
  return doState();
}

void Trainer::restore(const TrainerState& state) {
  started_ = true;
  doRestore(state);
}

LoadReport Trainer::initialise(const TensorMap& weights) {
  require(!started_, "Trainer::initialise",
          "the model has already been trained; a run continues with restore");
  return doInitialise(weights);
}

std::shared_ptr<Trainer> createTrainer(const Config& config) {
  const Plugin& plugin = loadPlugin(config.run.trainer, interfaceOf<Trainer>());
  return std::static_pointer_cast<Trainer>(createObject(plugin, toJson(config)));
}

}  // namespace cv::mixmim
