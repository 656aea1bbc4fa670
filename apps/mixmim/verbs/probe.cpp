#include <boost/json.hpp>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "deploy/linear_head.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/feature_table.hpp"
#include "evaluation/linear_probe.hpp"
#include "inputs/checkpoint_config.hpp"
#include "inputs/class_match.hpp"
#include "inputs/data_source.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

LabelledFeatures featuresOf(const std::shared_ptr<const Source>& source, const LoadedModel& model,
                            int batchSize) {
  Config config = model.info.config;
  config.data.batch = batchSize;
  const auto features = [&](const Batch& batch) {
    Answers answers;
    answers.features = model.trainer->features(batch);
    return answers;
  };
  FeatureTable table;
  evaluate(source, config, features, table, *aloneInTheWorld(), "features");
  return table.rows();
}

CommandLine commandLine(const Arguments&) {
  CommandLine line(
      "probe", "How good frozen features are: a linear classifier and k nearest neighbours on top of them.",
      "--init CHECKPOINT --data SRC --val SRC [OPTION...]",
      "mixmim probe --init runs/first --data photos/train --val photos/val");
  line.option("knn", "How many neighbours vote.", "20")
      .option("out", "Write the encoder with the linear classifier to this .onnx, for predict and eval.")
      .flag("json", "Print the result as one JSON object.")
      .settings(Task::kPretrain, {"data.train", "data.val", "data.root", "data.valRoot", "data.classMap",
                                  "data.imagesPerClass", "data.batch", "run.init", "run.device",
                                  "run.threads", "run.trainer"});
  return line;
}

int run(const CommandLine& line) {
  const int k = line.number("knn", 1, 1000000);
  const std::string out = line.get("out");
  if (!out.empty() && std::filesystem::path(out).extension() != ".onnx")
    throw UsageError(fmt::format("--out: expected a name that ends in .onnx, got '{}'", out));
  const Config given = line.config();
  for (const auto& [name, value] :
       {std::pair("init", given.run.init), {"data", given.data.train}, {"val", given.data.val}})
    if (value.empty())
      throw UsageError(fmt::format("mixmim probe: --{} is needed; `mixmim probe --help` explains it", name));
  const auto train = openTrainingData(given.data, Classes::kNeeded),
             all = openValidationData(given.data, Classes::kNeeded);
  if (train->hasSeveralLabels())
    throw Error(given.data.train, "has several labels per picture, and a probe tells one class",
                "fine-tune with optim.freeze, which trains a linear head for several labels");
  const auto val = withClassesOf({train->labels()}, all, given.data.val, readClassMap(given.data.classMap));

  const LoadedModel model = loadModel(given.run.init, given.run);
  const LabelledFeatures known = featuresOf(train, model, given.data.batch),
                         asked = featuresOf(val, model, given.data.batch);
  const int classes = static_cast<int>(train->labels().size());
  const LinearClassifier head = linearClassifier(known, classes);
  const double linear = accuracyOf(head, asked), knn = nearestNeighbours(known, asked, classes, k);
  boost::json::object answer{{"linear_top1", linear}, {"knn_top1", knn}, {"images", asked.labels.rows}};
  if (!out.empty()) {
    answer["file"] = out;
    answer["bytes"] = exportLinearHead(out, given.run.init, head, train->labels()).bytes;
  }
  if (line.has("json")) {
    std::cout << jsonText(answer) << '\n';
    return kDone;
  }
  std::cout << fmt::format("linear probe {:.2f} %, {} nearest neighbours {:.2f} %, on {} images\n",
                           100 * linear, k, 100 * knn, asked.labels.rows);
  if (!out.empty())
    std::cout << fmt::format("{}: the encoder with the linear classifier, {} classes\n", out, classes);
  return kDone;
}

}  // namespace

Verb probeVerb() {
  return {"probe", "how good are frozen features: linear probe and k-NN", commandLine, run};
}

}  // namespace cv::mixmim
