#include "opencv2/mixmim/train/options.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "train/config_file.hpp"
#include "train/model_presets.hpp"
#include "train/suggestion.hpp"

namespace cv::mixmim {

std::vector<Option> options(Config& c) {
  constexpr double kMany = 1e9, kTiny = 1e-300;
  const auto bounded = [](Option option, double min, double max) {
    option.min = min;
    option.max = max;
    return option;
  };
  const auto oneOf = [](Option option, std::vector<std::string> choices) {
    option.choices = std::move(choices);
    return option;
  };
  auto& [data, augment, mix, model, optim, run] = c;
  return {
      {"data.train", "data", "Training images: a tree of class folders or a flat folder.", "", &data.train},
      {"data.val", "val",
       "Validation images, laid out like the training images; pretraining only reconstructs some of them.",
       "", &data.val},
      bounded({"data.imagesPerClass", "", "Use only the first N images of every class; 0 = all.", "images",
               &data.imagesPerClass},
              0, kMany),
      bounded({"data.batch", "batch", "Images per step.", "images", &data.batch}, 1, 65536),
      bounded({"data.ring", "", "Batches in flight between pipeline and trainer.", "batches", &data.ring}, 2,
              64),
      bounded(
          {"data.readers", "",
           "Threads that read files; more help where storage is slow to answer. 0 = one per four workers.",
           "threads", &data.readers},
          0, 256),
      bounded({"data.maxBadImages", "", "Stop when more images than this could not be read.", "images",
               &data.maxBadImages},
              0, kMany),
      bounded({"data.maxBadRate", "", "Stop when more than this share of the images could not be read.", "",
               &data.maxBadRate},
              0, 1),

      bounded(
          {"augment.scaleMin", "", "Smallest crop, as a share of the image's area.", "", &augment.scaleMin},
          1e-6, 1),
      bounded(
          {"augment.scaleMax", "", "Largest crop, as a share of the image's area.", "", &augment.scaleMax},
          1e-6, 1),
      bounded({"augment.ratioMin", "", "Smallest width / height of a crop.", "", &augment.ratioMin}, 0.01,
              100),
      bounded({"augment.ratioMax", "", "Largest width / height of a crop.", "", &augment.ratioMax}, 0.01,
              100),
      bounded({"augment.flip", "", "Probability of a left-right flip.", "", &augment.flip}, 0, 1),
      bounded(
          {"augment.randLayers", "", "RandAugment: operations per image; 0 = off.", "", &augment.randLayers},
          0, 8),
      bounded({"augment.randMagnitude", "", "RandAugment: strength of the operations.", "",
               &augment.randMagnitude},
              0, 10),
      bounded({"augment.randMagnitudeStd", "", "RandAugment: standard deviation of the strength.", "",
               &augment.randMagnitudeStd},
              0, 10),
      bounded({"augment.randProbability", "", "RandAugment: probability that a drawn operation is applied.",
               "", &augment.randProbability},
              0, 1),
      bounded({"augment.erase", "", "Probability that a rectangle of the image is replaced by noise.", "",
               &augment.erase},
              0, 1),
      bounded({"augment.evalCrop", "", "Share of the shorter side that evaluation looks at, up to 224 px.",
               "", &augment.evalCrop},
              0.01, 1),

      bounded({"mix.maskRatio", "", "Share of the cells taken from the partner image in pretraining.", "",
               &mix.maskRatio},
              0, 1),
      bounded({"mix.maskRatioRange", "", "The ratio of a batch is drawn from [maskRatio, maskRatio + range].",
               "", &mix.maskRatioRange},
              0, 1),
      {"mix.groupAttention", "",
       "In pretraining, tokens see only those of the same image; off: all of their window, an ablation.", "",
       &mix.groupAttention},
      {"mix.bothImages", "",
       "In pretraining, reconstruct both images of a pair; off: one, an ablation with half the decoder.", "",
       &mix.bothImages},
      bounded({"mix.mixup", "", "Beta parameter of mixup in fine-tuning; 0 = off.", "", &mix.mixup}, 0, 100),
      bounded({"mix.cutmix", "", "Beta parameter of cutmix in fine-tuning; 0 = off.", "", &mix.cutmix}, 0,
              100),
      bounded({"mix.probability", "", "Probability that a fine-tuning batch is mixed.", "", &mix.probability},
              0, 1),
      bounded({"mix.switchProbability", "", "Probability of cutmix where mixup and cutmix are both on.", "",
               &mix.switchProbability},
              0, 1),
      bounded({"mix.labelSmoothing", "", "Label smoothing in fine-tuning.", "", &mix.labelSmoothing}, 0,
              0.999),

      oneOf({"model.name", "model", "Model size; the other model options override it.", "", &model.name},
            modelNames()),
      bounded({"model.imageSize", "size", "Side of the square input.", "px", &model.imageSize}, 8, 4096),
      bounded({"model.patchSize", "", "Side of a patch.", "px", &model.patchSize}, 1, 64),
      bounded({"model.embedDim", "", "Width of the first stage; it doubles from stage to stage.", "",
               &model.embedDim},
              4, 4096),
      bounded({"model.depths", "", "Blocks per stage, one number per stage.", "blocks", &model.depths}, 1,
              1000),
      bounded({"model.headDim", "", "Width of an attention head.", "", &model.headDim}, 1, 4096),
      bounded(
          {"model.mlpRatio", "", "Hidden width of an MLP as a multiple of its input.", "", &model.mlpRatio},
          1, 64),
      bounded({"model.decoderDim", "", "Width of the decoder.", "", &model.decoderDim}, 4, 16384),
      bounded({"model.decoderDepth", "", "Blocks of the decoder.", "blocks", &model.decoderDepth}, 0, 1000),
      bounded({"model.decoderHeads", "", "Attention heads of the decoder.", "", &model.decoderHeads}, 1,
              1024),
      bounded(
          {"model.dropPath", "", "Largest probability of skipping a block's branch.", "", &model.dropPath}, 0,
          0.999),
      {"model.normPixLoss", "", "Predict pixels normalised cell by cell.", "", &model.normPixLoss},
      bounded({"model.classes", "", "Classes of the classifier; 0 = as many as the data has.", "",
               &model.classes},
              0, 1000000),

      bounded({"optim.epochs", "epochs", "Passes over the training images.", "epochs", &optim.epochs}, 0,
              1e6),
      bounded(
          {"optim.accumulate", "accumulate",
           "Batches whose gradients one step averages, in all processes together: the batch of the schedule "
           "is batch * accumulate. 0 = one per process, or as in the run that is resumed.",
           "batches", &optim.accumulate},
          0, 65536),
      bounded({"optim.warmupEpochs", "", "Epochs of linear warm-up.", "epochs", &optim.warmupEpochs}, 0, 1e6),
      bounded({"optim.baseLr", "", "Learning rate per 256 images of a batch.", "", &optim.baseLr}, 0, 100),
      bounded({"optim.lr", "lr", "Learning rate; 0 = baseLr * batch * accumulate / 256.", "", &optim.lr}, 0,
              100),
      bounded({"optim.minLr", "", "Learning rate at the end.", "", &optim.minLr}, 0, 100),
      bounded({"optim.beta1", "", "AdamW: decay of the mean gradient.", "", &optim.beta1}, 0, 0.999999999),
      bounded({"optim.beta2", "", "AdamW: decay of the mean squared gradient.", "", &optim.beta2}, 0,
              0.999999999),
      bounded({"optim.eps", "", "AdamW: added to the denominator.", "", &optim.eps}, kTiny, 1),
      bounded({"optim.weightDecay", "", "AdamW: decoupled weight decay.", "", &optim.weightDecay}, 0, 100),
      bounded({"optim.layerDecay", "", "Learning rate factor per block, counted from the head; 1 = none.", "",
               &optim.layerDecay},
              1e-6, 1),
      {"optim.headFullRate", "", "The head learns at the full rate, not at that of the last block.", "",
       &optim.headFullRate},
      bounded({"optim.ema", "",
               "Decay per step of a running average of the weights, which is validated, saved and exported "
               "in their place; 0 = off.",
               "", &optim.ema},
              0, 0.999999),
      bounded({"optim.clipNorm", "", "Largest gradient norm; 0 = no clipping.", "", &optim.clipNorm}, 0,
              kMany),
      bounded({"optim.maxNonFinite", "", "Stop after this many steps in a row with a non-finite loss.",
               "steps", &optim.maxNonFinite},
              1, kMany),

      {"run.task", "", "What the run does: pretrain or finetune.", "", &run.task},
      {"run.out", "out", "Run folder: settings, metrics, checkpoints, pictures.", "", &run.out},
      {"run.init", "init", "Weights to start from (a checkpoint); says nothing about where a run goes on.",
       "", &run.init},
      {"run.resume", "resume", "Continue a run: auto = its newest good checkpoint, or the path of one.", "",
       &run.resume},
      {"run.overwrite", "overwrite", "Start anew in an existing run folder.", "", &run.overwrite},
      {"run.seed", "seed", "Seed of every random number.", "", &run.seed},
      {"run.device", "device", "Where the trainer computes: cpu, cuda or cuda:N.", "", &run.device},
      oneOf(
          {"run.precision", "precision",
           "Type of the matrix products and attention; weights, statistics and losses stay float32. bfloat16 "
           "is for GPUs.",
           "", &run.precision},
          {"float32", "bfloat16"}),
      bounded(
          {"run.threads", "threads", "Pipeline workers, and threads of a trainer on the CPU; 0 = all cores.",
           "threads", &run.threads},
          0, 4096),
      {"run.trainer", "", "Training plugin: a name or a path.", "", &run.trainer},
      bounded({"run.keep", "", "Checkpoints kept besides last and best.", "checkpoints", &run.keep}, 1,
              kMany),
      bounded({"run.checkpointEpochs", "", "Epochs between checkpoints.", "epochs", &run.checkpointEpochs},
              1e-6, kMany),
      bounded({"run.checkpointMinutes", "", "Minutes between checkpoints, whichever comes first.", "minutes",
               &run.checkpointMinutes},
              0, kMany),
      bounded({"run.logSteps", "", "Steps between two lines of metrics.", "steps", &run.logSteps}, 1, kMany),
      bounded({"run.validateEpochs", "", "Epochs between two validations.", "epochs", &run.validateEpochs},
              1e-6, kMany),
      bounded(
          {"run.pictureEpochs", "", "Epochs between two sheets of reconstructions in pretraining; 0 = none.",
           "epochs", &run.pictureEpochs},
          0, kMany),
      bounded({"run.patience", "",
               "Seconds without a sign of life after which another process of the run counts as lost.",
               "seconds", &run.patience},
              2, kMany),
  };
}

namespace {

constexpr const char* kTaskNames[] = {"pretrain", "finetune"};

/// "expected a number from 0 to 1" and the like: what an option accepts.
std::string expectation(const Option& option, const char* kind) {
  if (!option.choices.empty()) return fmt::format("expected one of {}", fmt::join(option.choices, ", "));
  if (std::isinf(option.min)) return fmt::format("expected {}", kind);
  return fmt::format("expected {} from {} to {}", kind, option.min, option.max);
}

[[noreturn]] void reject(const Option& option, const char* kind, const std::string& text) {
  throw Error(option.name, fmt::format("{}, got '{}'", expectation(option, kind), text),
              didYouMean(text, option.choices));
}

template <class Number>
Number parseNumber(const Option& option, const char* kind, const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  // Written so that NaN fails.
  if (!whole || !(static_cast<double>(number) >= option.min && static_cast<double>(number) <= option.max))
    reject(option, kind, text);
  return number;
}

std::vector<int> parseList(const Option& option, const std::string& text) {
  std::vector<int> list;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    list.push_back(parseNumber<int>(option, "whole numbers", word));
  }
  if (list.empty()) reject(option, "whole numbers", text);
  return list;
}

bool parseBool(const Option& option, const std::string& text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  reject(option, "true or false", text);
}

Task parseTask(const Option& option, const std::string& text) {
  if (text == kTaskNames[0]) return Task::kPretrain;
  if (text == kTaskNames[1]) return Task::kFinetune;
  reject(option, "pretrain or finetune", text);
}

std::string parseWord(const Option& option, const std::string& text) {
  const auto& choices = option.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
    reject(option, "", text);
  if (text.find_first_of("\n\r") != std::string::npos) reject(option, "a single line", text);
  return text;
}

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

void Option::set(const std::string& text) const {
  std::visit(Overloaded{[&](int* v) { *v = parseNumber<int>(*this, "a whole number", text); },
                        [&](uint64_t* v) { *v = parseNumber<uint64_t>(*this, "a whole number", text); },
                        [&](double* v) { *v = parseNumber<double>(*this, "a number", text); },
                        [&](bool* v) { *v = parseBool(*this, text); },
                        [&](std::string* v) { *v = parseWord(*this, text); },
                        [&](std::vector<int>* v) { *v = parseList(*this, text); },
                        [&](Task* v) { *v = parseTask(*this, text); }},
             value);
}

std::string Option::get() const {
  return std::visit(
      Overloaded{[](const std::vector<int>* v) { return fmt::format("{}", fmt::join(*v, ",")); },
                 [](const Task* v) { return std::string(kTaskNames[static_cast<int>(*v)]); },
                 [](const auto* v) { return fmt::format("{}", *v); }},  // shortest exact text of a double
      value);
}

namespace {

/// Where a setting stands: "run.ini:12", or "--optim.lr".
std::string placeOf(const Setting& setting) {
  return setting.line > 0 ? fmt::format("{}:{}", setting.origin, setting.line) : setting.origin;
}

const Option& findOption(const std::vector<Option>& list, const std::string& key, const std::string& origin) {
  const auto matches = [&](const Option& o) { return o.name == key || (!o.alias.empty() && o.alias == key); };
  const auto found = std::find_if(list.begin(), list.end(), matches);
  if (found != list.end()) return *found;
  std::vector<std::string> names;
  for (const Option& option : list) {
    names.push_back(option.name);
    if (!option.alias.empty()) names.push_back(option.alias);
  }
  const std::string hint = didYouMean(key, names);
  throw Error(origin, fmt::format("unknown key '{}'", key),
              hint.empty() ? "`mixmim config` lists all keys" : hint);
}

/// What a task changes in the defaults: the published recipes of pretraining and fine-tuning.
void applyTask(Task task, Config& config) {
  config.run.task = task;
  if (task == Task::kPretrain) return;  // the defaults of config.hpp
  config.augment.scaleMin = 0.08;
  config.augment.randLayers = 2;
  config.augment.erase = 0.25;
  config.model.dropPath = 0.1;
  config.optim.epochs = 100;
  config.optim.warmupEpochs = 5;
  config.optim.baseLr = 5e-4;
  config.optim.minLr = 1e-6;
  config.optim.beta2 = 0.999;
  config.optim.layerDecay = 0.7;
}

void check(const Config& config) {
  cellsOf(config.model);
  const auto ordered = [](const char* key, double low, double high) {
    if (low > high)
      throw Error(key, fmt::format("expected a minimum not above the maximum, got {} and {}", low, high));
  };
  ordered("augment.scaleMin", config.augment.scaleMin, config.augment.scaleMax);
  ordered("augment.ratioMin", config.augment.ratioMin, config.augment.ratioMax);
  if (config.mix.maskRatio + config.mix.maskRatioRange > 1)
    throw Error("mix.maskRatioRange", fmt::format("expected maskRatio + maskRatioRange of at most 1, got {}",
                                                  config.mix.maskRatio + config.mix.maskRatioRange));
}

}  // namespace

namespace {

void apply(const std::vector<Option>& list, const Setting& setting) {
  const Option& option = findOption(list, setting.key, placeOf(setting));
  try {
    option.set(setting.value);
  } catch (const Error& e) {
    if (setting.line > 0) throw Error(placeOf(setting), e.what());
    throw;
  }
}

bool isModelName(const Setting& setting) {
  return setting.key == "model.name" || setting.key == "model";
}

}  // namespace

Config resolve(Task task, const std::vector<Setting>& settings) {
  Config config;
  applyTask(task, config);
  const std::vector<Option> list = options(config);
  // The model's name fills in dimensions that later keys may override, so it is applied first.
  for (const Setting& setting : settings)
    if (isModelName(setting)) apply(list, setting);
  applyModelPreset(config.model);
  for (const Setting& setting : settings) apply(list, setting);
  if (config.run.task != task)
    throw Error("run.task",
                fmt::format("expected {}, got {}", kTaskNames[static_cast<int>(task)],
                            kTaskNames[static_cast<int>(config.run.task)]),
                "these settings belong to another command");
  check(config);
  return config;
}

std::string toIni(const Config& config, bool comments) {
  Config copy = config;
  std::string text, section;
  for (const Option& option : options(copy)) {
    const size_t dot = option.name.find('.');
    if (option.name.substr(0, dot) != section) {
      text += section.empty() ? "" : "\n";
      section = option.name.substr(0, dot);
      text += fmt::format("[{}]\n", section);
    }
    if (comments) {
      text += fmt::format("# {}", option.sentence);
      if (!option.unit.empty()) text += fmt::format(" Unit: {}.", option.unit);
      if (!std::isinf(option.min)) text += fmt::format(" Range: {} to {}.", option.min, option.max);
      if (!option.choices.empty()) text += fmt::format(" One of: {}.", fmt::join(option.choices, ", "));
      text += "\n";
    }
    text += fmt::format("{} = {}\n", option.name.substr(dot + 1), configText(option.get()));
  }
  return text;
}

std::string toJson(const Config& config) {
  Config copy = config;
  boost::json::object root;
  for (const Option& option : options(copy)) {
    const size_t dot = option.name.find('.');
    boost::json::value value = std::visit(
        Overloaded{[](const std::vector<int>* v) { return boost::json::value_from(*v); },
                   [](const Task* v) { return boost::json::value(kTaskNames[static_cast<int>(*v)]); },
                   [](const auto* v) { return boost::json::value(*v); }},
        option.value);
    auto& section = root[option.name.substr(0, dot)];
    if (section.is_null()) section.emplace_object();
    section.get_object()[option.name.substr(dot + 1)] = std::move(value);
  }
  return boost::json::serialize(root);
}

namespace {

/// A JSON value as the text Option::set reads.
std::string asText(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_double()) return fmt::format("{}", value.get_double());
  std::string text = boost::json::serialize(value);  // numbers, true, false, and lists "[1,2]"
  if (value.is_array()) text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

Config fromJson(const std::string& json) {
  constexpr const char* kWhere = "config JSON";
  const boost::json::value root = parseJson(json, kWhere);
  if (!root.is_object()) throw Error(kWhere, "expected an object");
  Config config;
  const std::vector<Option> list = options(config);
  for (const auto& section : root.get_object()) {
    if (!section.value().is_object())
      throw Error(kWhere, fmt::format("expected an object for the section '{}'", std::string(section.key())));
    for (const auto& entry : section.value().get_object()) {
      const std::string key = fmt::format("{}.{}", std::string(section.key()), std::string(entry.key()));
      findOption(list, key, kWhere).set(asText(entry.value()));
    }
  }
  check(config);
  return config;
}

}  // namespace cv::mixmim
