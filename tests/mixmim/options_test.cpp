#include "opencv2/mixmim/train/options.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

TEST(Options, EveryOptionSurvivesWritingAndReading) {
  Config config = resolve(Task::kFinetune, {{"model", "small", ""},
                                            {"size", "64", ""},
                                            {"model.dims", "32,48,64", ""},
                                            {"eval-rule", "stretch", ""},
                                            {"optim.lr", "3.3e-4", ""},
                                            {"run.seed", "18446744073709551615", ""},
                                            {"run.overwrite", "yes", ""},
                                            {"data.train", "a folder/with = signs", ""}});
  const Config read = resolve(Task::kFinetune, parseConfig(toIni(config), "config.ini"));
  const Config parsed = fromJson(toJson(config));
  EXPECT_EQ(toIni(read), toIni(config));
  EXPECT_EQ(toIni(parsed), toIni(config));
  EXPECT_EQ(read.run.seed, 18446744073709551615ull);
  EXPECT_EQ(read.data.train, "a folder/with = signs");
}

/// A stored config that is older than an option says nothing of it.
TEST(Options, WhatIsStoredWithoutOrientationIgnoresTags) {
  EXPECT_EQ(fromJson("{\"data\": {\"batch\": 8}}").data.orientation, Orientation::kIgnore);
  EXPECT_EQ(resolve(Task::kPretrain, {}).data.orientation, Orientation::kApply);
  for (const std::string& name : presetNames()) {
    const Preset published = preset(name);
    EXPECT_EQ(resolve(published.task, published.settings).data.orientation, Orientation::kIgnore) << name;
  }
}

TEST(Options, NamesAndAliasesAreUniqueAndExplained) {
  Config config;
  std::vector<std::string> names;
  for (const Option& option : options(config)) {
    names.push_back(option.name);
    if (!option.alias.empty()) names.push_back(option.alias);
    EXPECT_FALSE(option.sentence.empty()) << option.name;
    EXPECT_EQ(option.sentence.back(), '.') << option.name;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Options, EachHasAValueOfItsOwn) {
  Config config;
  std::set<const void*> values;
  for (const Option& option : options(config))
    EXPECT_TRUE(std::visit([&](const auto* v) { return values.insert(v); }, option.value).second)
        << option.name;
}

/// A new option is a difference here: what it may do wants a decision.
TEST(Options, EveryScopeIsTheDecidedOne) {
  constexpr Scope kPlace = Scope::kChangesOnResume | Scope::kDiffersPerProcess;
  const std::map<Scope, std::string> decided{
      {Scope::kFixed,
       " data.imagesPerClass data.batch data.balance"
       " augment.scaleMin augment.scaleMax augment.ratioMin augment.ratioMax augment.flip augment.randLayers"
       " augment.randMagnitude augment.randMagnitudeStd augment.randProbability augment.erase"
       " mix.maskRatio mix.maskRatioRange mix.groupAttention mix.bothImages mix.mixup mix.cutmix"
       " mix.probability mix.switchProbability mix.labelSmoothing"
       " optim.epochs optim.accumulate optim.warmupEpochs optim.baseLr optim.lr optim.minLr optim.beta1"
       " optim.beta2 optim.eps optim.weightDecay optim.layerDecay optim.classWeights optim.freeze "
       "optim.headFullRate optim.ema "
       "optim.clipNorm"
       " optim.maxNonFinite run.task run.seed"},
      {Scope::kChangesOnResume,
       " data.ring data.maxBadImages data.maxBadRate run.overwrite run.precision"
       " run.gpuKernels run.keep"
       " run.checkpointEpochs run.checkpointMinutes run.logSteps run.validateEpochs run.pictureEpochs"
       " run.earlyStop run.lostSeconds"},
      {kPlace,
       " data.train data.val data.root data.valRoot data.classMap data.readers run.out run.init run.resume "
       "run.device "
       "run.threads"},
      {Scope::kShape,
       " model.name model.encoder model.patchSize model.embedDim model.dims model.depths model.headDim"
       " model.window model.mlpRatio model.mlpRatios model.decoderDim model.decoderDepth model.decoderHeads"},
      {Scope::kOfTask, " model.dropPath model.normPixLoss model.labels"},
      {Scope::kShape | Scope::kOfTask, " model.classes"},
      {Scope::kShape | Scope::kChangesOnExport, " model.imageSize"},
      {Scope::kChangesOnResume | Scope::kChangesOnExport, " run.trainer"},
      {Scope::kChangesOnExport, " data.orientation augment.evalRule augment.evalCrop"},
  };
  Config config;
  std::map<Scope, std::string> found;
  for (const Option& option : options(config)) found[option.scope] += " " + option.name;
  EXPECT_EQ(found, decided);
}

TEST(Options, AScopeIsAllOfItsParts) {
  Option option;
  EXPECT_FALSE(option.is(Scope::kShape));
  option.scope = Scope::kShape | Scope::kOfTask;
  EXPECT_TRUE(option.is(Scope::kShape));
  EXPECT_TRUE(option.is(Scope::kOfTask));
  EXPECT_TRUE(option.is(Scope::kShape | Scope::kOfTask));
  EXPECT_FALSE(option.is(Scope::kChangesOnResume));
  EXPECT_FALSE(option.is(Scope::kShape | Scope::kChangesOnResume));
}

TEST(Options, LaterSettingsWinAndModelNameComesFirst) {
  const Config config = resolve(Task::kPretrain, {{"model.embedDim", "48", ""},
                                                  {"epochs", "5", ""},
                                                  {"model", "tiny", ""},
                                                  {"epochs", "7", ""},
                                                  {"model.headDim", "16", ""},
                                                  {"size", "64", ""}});
  EXPECT_EQ(config.model.embedDim, 48);
  EXPECT_EQ(config.model.depths, (std::vector<int>{1, 1, 2, 1}));
  EXPECT_EQ(config.optim.epochs, 7);
}

TEST(Options, TasksHaveTheirPublishedRecipes) {
  const Config pretrain = resolve(Task::kPretrain, {}), finetune = resolve(Task::kFinetune, {});
  EXPECT_EQ(pretrain.optim.beta2, 0.95);
  EXPECT_EQ(finetune.optim.beta2, 0.999);
  EXPECT_EQ(finetune.optim.layerDecay, 0.7);
  EXPECT_EQ(finetune.model.dropPath, 0.1);
  EXPECT_EQ(pretrain.augment.scaleMin, 0.2);
  EXPECT_EQ(finetune.augment.scaleMin, 0.08);
}

TEST(Options, AnEncoderHasRecipesOfItsOwn) {
  const auto decay = [](const std::vector<Setting>& settings) {
    return resolve(Task::kFinetune, settings).optim.layerDecay;
  };
  EXPECT_EQ(decay({{"model", "swin_t", ""}}), 0.8);
  EXPECT_EQ(decay({{"model.encoder", "swin", ""}}), 0.8);
  EXPECT_EQ(decay({{"model.encoder", "swin", ""}, {"optim.layerDecay", "0.5", ""}}), 0.5);
  EXPECT_EQ(decay({{"model", "swin_t", ""}, {"model.encoder", "mixmim", ""}}), 0.7);
  const auto window = [](const std::vector<Setting>& settings) {
    return resolve(Task::kPretrain, settings).model.window;
  };
  EXPECT_EQ(window({{"model.encoder", "swin", ""}}), 7) << "as swin_t spells it";
  EXPECT_EQ(window({{"model", "swin_t_w14", ""}, {"model.encoder", "mixmim", ""}}), 0);
  EXPECT_EQ(window({{"model", "swin_t", ""}, {"model.window", "0", ""}}), 7);
  const ModelConfig model = resolve(Task::kPretrain, {{"model", "swin_s_w14", ""}}).model;
  EXPECT_EQ(model.encoder, Family::kSwin);
  EXPECT_EQ(model.window, 14);
  EXPECT_EQ(model.depths, (std::vector<int>{2, 2, 18, 2}));
}

TEST(Options, WidthsOfStagesAreAListOrOneNumber) {
  const auto modelOf = [](const std::vector<Setting>& settings) {
    return resolve(Task::kPretrain, settings).model;
  };
  const ModelConfig small = modelOf({{"model", "pvt_small", ""}});
  EXPECT_EQ(small.dims, (std::vector<int>{64, 128, 320, 512}));
  EXPECT_EQ(small.embedDim, 64);
  EXPECT_EQ(small.mlpRatios, (std::vector<int>{8, 8, 4, 4}));
  EXPECT_EQ(small.mlpRatio, 4) << "the decoder's";
  const ModelConfig free = modelOf({{"model", "pvt_small", ""}, {"model.dims", "8,16,24,32", ""}});
  EXPECT_EQ(free.embedDim, 8);
  const ModelConfig doubled =
      modelOf({{"model", "pvt_small", ""}, {"model.dims", "", ""}, {"model.embedDim", "32", ""}});
  EXPECT_TRUE(doubled.dims.empty());
  EXPECT_EQ(doubled.embedDim, 32);
  EXPECT_TRUE(modelOf({{"model", "pvt_v2_b5", ""}}).mlpRatios.empty());
  EXPECT_EQ(modelOf({{"model.encoder", "twins", ""}}).encoder, Family::kTwinsSvt);
}

TEST(Options, DeepEncodersDropMorePathsInFineTuning) {
  EXPECT_EQ(resolve(Task::kFinetune, {{"model", "pvt_large", ""}}).model.dropPath, 0.3);
  EXPECT_EQ(resolve(Task::kFinetune, {{"model", "pvt_small", ""}}).model.dropPath, 0.1);
  EXPECT_EQ(resolve(Task::kPretrain, {{"model", "pvt_large", ""}}).model.dropPath, 0);
}

TEST(Options, TimmsRuleHasTimmsShare) {
  const auto crop = [](const std::vector<Setting>& settings) {
    return resolve(Task::kFinetune, settings).augment.evalCrop;
  };
  EXPECT_EQ(crop({}), 0.875);
  EXPECT_EQ(crop({{"eval-rule", "timm", ""}}), 0.9);
  EXPECT_EQ(crop({{"eval-rule", "timm", ""}, {"size", "384", ""}}), 1);
  EXPECT_EQ(crop({{"eval-rule", "timm", ""}, {"augment.evalCrop", "0.95", ""}}), 0.95);
}

struct ErrorCase {
  const char* name;
  std::vector<Setting> settings;
  const char* message;
};

TEST(Options, SayWhatIsWrong) {
  const ErrorCase cases[] = {
      {"unknown key",
       {{"optim.lrr", "1", "--optim.lrr"}},
       "--optim.lrr: unknown key 'optim.lrr'; did you mean 'optim.lr'?"},
      {"unknown key, nothing near",
       {{"xyzzy", "1", "run.ini"}},
       "run.ini: unknown key 'xyzzy'; `mixmim config` lists all keys"},
      {"not a number", {{"optim.lr", "fast", ""}}, "optim.lr: expected a number from 0 to 100, got 'fast'"},
      {"NaN", {{"optim.lr", "nan", ""}}, "optim.lr: expected a number from 0 to 100, got 'nan'"},
      {"out of range",
       {{"data.batch", "0", ""}},
       "data.batch: expected a whole number from 1 to 65536, got '0'"},
      {"trailing text",
       {{"epochs", "3x", ""}},
       "optim.epochs: expected a number from 0 to 1000000, got '3x'"},
      {"unknown model",
       {{"model", "giant", ""}},
       "model.name: expected one of small, tiny, base, large, huge, swin_t, swin_s, swin_b, swin_l, "
       "swin_t_w14, swin_s_w14, swin_b_w14, swin_l_w14, pvt_tiny, pvt_small, pvt_medium, pvt_large, "
       "twins_svt_s, twins_svt_b, twins_svt_l, twins_pcpvt_s, twins_pcpvt_b, twins_pcpvt_l, pvt_v2_b0, "
       "pvt_v2_b1, pvt_v2_b2, pvt_v2_b3, pvt_v2_b4, pvt_v2_b5, got 'giant'"},
      {"unknown encoder",
       {{"model.encoder", "swinn", ""}},
       "model.encoder: expected one of mixmim, swin, pvt, twins_svt, twins_pcpvt, pvt_v2, got 'swinn'; did "
       "you mean 'swin'?"},
      {"empty list",
       {{"model.depths", "", ""}},
       "model.depths: expected 1 to 6 stages, got 0; write one number of blocks per stage, as in 2,2,18,2"},
      {"a width beside the widths of the name",
       {{"model", "pvt_tiny", ""}, {"model.embedDim", "32", ""}},
       "model.embedDim: expected 64, the first of model.dims, got 32; set model.dims, a number per stage"},
      {"unknown rule of evaluation",
       {{"eval-rule", "tim", ""}},
       "augment.evalRule: expected one of official, timm, stretch, got 'tim'; did you mean 'timm'?"},
      {"not a truth", {{"overwrite", "maybe", ""}}, "run.overwrite: expected true or false, got 'maybe'"},
      {"crossed range",
       {{"augment.scaleMin", "0.9", ""}, {"augment.scaleMax", "0.5", ""}},
       "augment.scaleMin: expected a minimum not above the maximum, got 0.9 and 0.5"},
      {"size and stride",
       {{"size", "200", ""}},
       "model.imageSize: expected a multiple of the stride 32 (patchSize 4 * 2^3), got 200; try 192"},
      {"a size of one side",
       {{"size", "192x", ""}},
       "model.imageSize: expected a side, or HEIGHTxWIDTH with sides from 8 to 4096, got ''"},
      {"a size of three sides",
       {{"size", "64x64x3", ""}},
       "model.imageSize: expected a side, or HEIGHTxWIDTH with sides from 8 to 4096, got '64x3'"},
      {"an enormous size",
       {{"size", "224x9999", ""}},
       "model.imageSize: expected a side, or HEIGHTxWIDTH with sides from 8 to 4096, got '9999'"},
      {"a rectangle and the stride",
       {{"size", "224x200", ""}},
       "model.imageSize: expected a multiple of the stride 32 (patchSize 4 * 2^3), got 200; try 192"},
      {"other task",
       {{"run.task", "finetune", ""}},
       "run.task: expected pretrain, got finetune; these settings belong to another command"},
  };
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.name);
    MIXMIM_EXPECT_ERROR(resolve(Task::kPretrain, c.settings), c.message);
  }
}

TEST(ConfigFile, SaysWhatCannotBeRead) {
  MIXMIM_EXPECT_ERROR(readConfigFile("/nowhere/run.ini"), "/nowhere/run.ini: cannot be read");
  MIXMIM_EXPECT_ERROR(parseConfig("[optim]\nnonsense\n", "run.ini"),
                      "run.ini:2: invalid line 'nonsense'; a config file has "
                      "[sections] and lines of the form key = value");
}

TEST(Options, SizesAreASideOrRowsAndColumns) {
  const auto sizeOf = [](const char* text) {
    return resolve(Task::kPretrain, {{"size", text, ""}}).model.imageSize;
  };
  EXPECT_EQ(sizeOf("96"), cv::Size(96, 96));
  EXPECT_EQ(sizeOf("192x256"), cv::Size(256, 192));
  EXPECT_EQ(sizeOf("96x96"), cv::Size(96, 96));
  for (const auto& [size, stored] : {std::pair(cv::Size(96, 96), "\"imageSize\":96,"),
                                     {cv::Size(256, 192), "\"imageSize\":\"192x256\","}}) {
    Config config;
    config.model.imageSize = size;
    EXPECT_NE(toJson(config).find(stored), std::string::npos) << stored;
    EXPECT_EQ(fromJson(toJson(config)).model.imageSize, size);
  }
}

TEST(ConfigJson, SaysWhatCannotBeRead) {
  MIXMIM_EXPECT_ERROR(fromJson("[]"), "config JSON: expected an object");
  MIXMIM_EXPECT_ERROR(fromJson(R"({"optim": 3})"), "config JSON: expected an object for the section 'optim'");
  MIXMIM_EXPECT_ERROR(fromJson(R"({"optim": {"Lr": 3}})"),
                      "config JSON: unknown key 'optim.Lr'; did you mean 'optim.lr'?");
}

TEST(NearestName, ForgivesTyposOnly) {
  const std::vector<std::string> known{"pretrain", "predict", "probe"};
  EXPECT_EQ(nearestName("pretain", known), "pretrain");
  EXPECT_EQ(nearestName("pre", known), "pretrain");
  EXPECT_EQ(nearestName("zzz", known), "");
  EXPECT_EQ(nearestName("", known), "");
  EXPECT_EQ(nearestName(std::string(1000, 'p'), known), "");
}

TEST(Presets, AllOfThemResolve) {
  for (const std::string& name : presetNames()) {
    const Preset wanted = preset(name);
    EXPECT_EQ(resolve(wanted.task, wanted.settings).run.task, wanted.task) << name;
    EXPECT_FALSE(wanted.sentence.empty());
  }
}

TEST(Presets, BatchesAreThePublishedOnes) {
  const auto imagesPerStep = [](const char* name) {
    const Config config = resolve(preset(name).task, preset(name).settings);
    return config.data.batch * config.optim.accumulate;
  };
  EXPECT_EQ(imagesPerStep("pretrain-base-600ep"), 2048);
  EXPECT_EQ(imagesPerStep("finetune-base-100ep"), 1024);
  EXPECT_EQ(imagesPerStep("finetune-base-384"), 1024);
}

}  // namespace
}  // namespace cv::mixmim
