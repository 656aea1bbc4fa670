#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data_pipeline/augment.hpp"
#include "data_pipeline/decode.hpp"
#include "data_pipeline/mix.hpp"
#include "data_pipeline/mixture.hpp"
#include "data_pipeline/pipeline.hpp"
#include "inputs/data_source.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "verbs/recipe_option.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

json::object toJson(const cv::Rect& box) {
  return {{"top", box.y}, {"left", box.x}, {"height", box.height}, {"width", box.width}};
}

cv::Size sizeOf(const Source& source, int64_t index, Orientation orientation) {
  std::vector<uint8_t> bytes;
  source.read(index, bytes);
  ImageDecoder decoder;
  return decoder.open(bytes, orientation).size;
}

/// The random parameters of one image, computed again from its key, because the pipeline does not carry them.
json::object parametersOf(const Source& source, const Config& config, Recipe recipe, int64_t index,
                          int64_t epoch) {
  json::object line{{"source", source.path(index)}, {"label", source.label(index)}};
  if (source.hasSeveralLabels()) line["labels"] = json::value_from(source.labelsOf(index));
  const cv::Size size = sizeOf(source, index, config.data.orientation);
  if (recipe == Recipe::kEval) {
    const EvalGeometry geometry = evalGeometry(size, config.model.imageSize, config.augment.evalView());
    line["resize"] = {{"height", geometry.resized.height}, {"width", geometry.resized.width}};
    line["crop"] = toJson(geometry.crop);
    line["flip"] = false;
    line["ops"] = json::array();
    line["erase"] = nullptr;
  } else {
    const Augmentation drawn =
        drawAugmentation(config.run.seed, index, epoch, size, config.model.imageSize, config.augment);
    line["crop"] = toJson(cv::Rect(drawn.view.crop));
    line["flip"] = drawn.view.flip;
    json::array ops;
    for (const AppliedOp& applied : drawn.ops)
      ops.push_back({{"name", nameOf(applied.op)},
                     {"value", applied.value ? json::value(*applied.value) : json::value()}});
    line["ops"] = std::move(ops);
    line["erase"] = drawn.erasure.box.empty() ? json::value() : json::value(toJson(drawn.erasure.box));
  }
  return line;
}

void addMixing(json::object& line, const Batch& batch, Recipe recipe, int slot) {
  line["partner"] = recipe == Recipe::kEval ? json::value() : json::value(batch.capacity() - 1 - slot);
  if (recipe == Recipe::kPretrain) {
    std::string cells;
    for (const uchar cell : cv::Mat_<uchar>(batch.mixing.mask)) cells += cell ? '1' : '0';
    line["mask"] = cells;
  }
  if (recipe == Recipe::kFinetune) {
    line["lambda"] = batch.mixing.mixture.lambda;
    line["box"] =
        batch.mixing.mixture.box.empty() ? json::value() : json::value(toJson(batch.mixing.mixture.box));
  }
}

void writePng(const std::filesystem::path& path, const Batch& batch, int slot) {
  cv::Mat bgr;
  cv::cvtColor(batch.picture(slot), bgr, cv::COLOR_RGB2BGR);
  if (!cv::imwrite(path.string(), bgr)) throw Error(path.string(), "cannot be written");
}

Recipe recipeOf(const std::string& name) {
  if (const auto recipe = recipeNamed(name)) return *recipe;
  throw UsageError("--recipe: expected pretrain, finetune or eval, got '" + name + "'");
}

CommandLine commandLine(const Arguments& arguments) {
  const Recipe recipe = recipeNamed(said(arguments, "recipe")).value_or(Recipe::kPretrain);
  CommandLine line("augment", "Writes augmented pictures as PNG, and every drawn number in parameters.jsonl.",
                   "--data SRC --out DIR [OPTION...]",
                   "mixmim augment --data photos/train --out look --count 16 --batch 8");
  line.option("out", "Folder to write to.")
      .choice("recipe", "pretrain, finetune or eval.", "pretrain", {"pretrain", "finetune", "eval"})
      .option("count", "How many pictures: whole batches are written.", "16")
      .settings(taskOf(recipe), {"data.train", "data.root", "data.orientation", "data.batch", "augment",
                                 "mix", "model.imageSize", "model.name", "run.seed", "run.threads"});
  return line;
}

int run(const CommandLine& line) {
  const std::filesystem::path out = line.required("out");
  const Recipe recipe = recipeOf(line.get("recipe"));
  const int count = line.number("count", 1, 10000000);
  Config config = line.config();
  if (config.data.train.empty())
    throw UsageError("mixmim augment: --data is needed; `mixmim augment --help` explains it");
  const auto source = openTrainingData(config.data, Classes::kShown);
  config.data.batch = static_cast<int>(std::min<int64_t>({config.data.batch, count, source->size()}));
  std::filesystem::create_directories(out);
  std::ofstream parameters(out / "parameters.jsonl");

  Pipeline pipeline(source, {config, recipe, {}});
  const int64_t steps = (count + config.data.batch - 1) / config.data.batch;
  pipeline.start(0, recipe == Recipe::kEval ? std::min(steps, pipeline.stepsPerEpoch()) : steps);
  int number = 0;
  Progress progress("augment", count);
  while (const auto batch = pipeline.next()) {
    Batch unmixed;
    unmixed.images = batch->images.clone();
    if (recipe == Recipe::kPretrain)
      mixPairs(unmixed.images, batch->mixing.mask);  // mixing again gives the pictures before mixing
    for (int slot = 0; slot < batch->count; ++slot, ++number) {
      const std::string name = fmt::format("picture-{:06}.png", number);
      writePng(out / name, unmixed, slot);
      if (recipe == Recipe::kPretrain) writePng(out / fmt::format("mixed-{:06}.png", number), *batch, slot);
      json::object entry{{"file", name}};
      const int64_t epoch = batch->step / pipeline.stepsPerEpoch();
      for (auto& item :
           parametersOf(*source, config, recipe, batch->samples[static_cast<size_t>(slot)], epoch))
        entry[item.key()] = item.value();
      addMixing(entry, *batch, recipe, slot);
      parameters << jsonText(entry) << '\n';
    }
    progress.count(number, "images");
  }
  progress.end();
  if (!parameters.flush()) throw Error((out / "parameters.jsonl").string(), "cannot be written");
  std::cout << fmt::format("{} pictures in {}\n", number, out.string());
  return kDone;
}

}  // namespace

Verb augmentVerb() {
  return {"augment", "write augmented pictures and every drawn number", commandLine, run};
}

}  // namespace cv::mixmim
