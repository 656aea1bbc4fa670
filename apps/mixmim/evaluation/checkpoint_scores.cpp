#include "evaluation/checkpoint_scores.hpp"

#include <vector>

#include "evaluation/evaluation.hpp"
#include "inputs/checkpoint_config.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// The model's class names. Weights from elsewhere may have none: then the data's, if there are as many, else
/// numbers.
std::vector<std::string> labelsOf(const LoadedModel& model, const std::vector<std::string>& data,
                                  const ClassMap& map) {
  if (!model.info.labels.empty()) return model.info.labels;
  const int classes = model.info.config.model.classes;
  return map.empty() && static_cast<int>(data.size()) == classes ? data : numberedClasses(classes);
}

}  // namespace

CheckpointScores evaluateCheckpoint(const std::string& path, const LabelledData& data, const Config& config,
                                    const std::function<void(Config&)>& change) {
  const LoadedModel model = loadModel(path, config.run);
  const Config& trained = model.info.config;
  if (trained.run.task == Task::kPretrain)
    throw Error(path, "is a pretraining checkpoint, which has no classes",
                "fine-tune it first, or use `mixmim probe`");
  const std::vector<std::string> labels = labelsOf(model, data.source->labels(), data.map);
  const auto matched =
      withClassesOf({labels, false, trained.model.labels}, data.source, data.where, data.map);
  Config run = trained;
  run.data.batch = config.data.batch;
  if (change) change(run);
  const auto measure = makeMeasure(run.run.task, run.model.labels, labels);
  const auto sheet = makeAnswerSheet(*measure, run.model.labels);
  evaluate(
      matched, run, [&](const Batch& batch) { return model.trainer->answers(batch); }, *sheet);
  if (!data.answers.empty()) sheet->write(data.answers, *matched);
  return {measure->result(), model.info.step};
}

}  // namespace cv::mixmim
