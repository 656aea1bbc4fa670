#include "evaluation/checkpoint_scores.hpp"

#include <vector>

#include <fmt/format.h>

#include "evaluation/evaluation.hpp"
#include "inputs/checkpoint_config.hpp"
#include "inputs/data_source.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// The model's class names. Weights from elsewhere may have none: then the data's, if there are as many.
std::vector<std::string> labelsOf(const std::string& path, const LoadedModel& model, const std::string& where,
                                  const std::vector<std::string>& data) {
  if (!model.info.labels.empty()) return model.info.labels;
  const auto classes = static_cast<size_t>(model.info.config.model.classes);
  if (data.size() != classes)
    throw Error(where, fmt::format("expected {} classes as in {}, got {}", classes, path, data.size()));
  return data;
}

}  // namespace

CheckpointScores evaluateCheckpoint(const std::string& path, const std::shared_ptr<const Source>& source,
                                    const Config& config) {
  const LoadedModel model = loadModel(path, config.run);
  const Config& trained = model.info.config;
  if (trained.run.task == Task::kPretrain)
    throw Error(path, "is a pretraining checkpoint, which has no classes",
                "fine-tune it first, or use `mixmim probe`");
  const std::vector<std::string> labels = labelsOf(path, model, config.data.train, source->labels());
  checkLabels(config.data.train, source->labels(), labels);
  Config run = trained;
  run.data.batch = config.data.batch;
  const auto measure = makeMeasure(run.run.task, labels);
  evaluate(
      source, run, [&](const Batch& batch) { return model.trainer->answers(batch); }, *measure);
  return {measure->result(), model.info.step};
}

}  // namespace cv::mixmim
