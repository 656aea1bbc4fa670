#include <limits>
#include <utility>

#include "opencv2/mixmim/train/options.hpp"
#include "train/option_value.hpp"

namespace cv::mixmim {

namespace {

constexpr double kMany = 1e9, kTiny = 1e-300;

constexpr Scope kFixed = Scope::kFixed, kResume = Scope::kChangesOnResume,
                kProcess = Scope::kDiffersPerProcess, kShape = Scope::kShape, kTask = Scope::kOfTask,
                kExport = Scope::kChangesOnExport;
constexpr Scope kPlace = kResume | kProcess;  // where a process finds things, and what it computes on

/// Allowed values: numbers of a range, or some words; {} = anything of the value's type.
struct Allowed {
  double min = -std::numeric_limits<double>::infinity(), max = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices{};
};

Allowed words(std::vector<std::string> list) {
  Allowed allowed;
  allowed.choices = std::move(list);
  return allowed;
}

struct Row {
  const char *name, *alias, *unit;
  decltype(Option::value) value;
  Allowed allowed;
  Scope scope;
  const char* sentence;
};

/// An option is two lines: what programs need of it, and its sentence.
std::vector<Row> rowsOf(Config& config) {
  auto& [data, augment, mix, model, optim, run] = config;
  // clang-format off
  return {
    {"data.train",               "data",       "",            &data.train,               {},                             kPlace,
     "Training images: a tree of folders, .tar archives, or a list (CSV, text, iNaturalist's JSON)."},
    {"data.val",                 "val",        "",            &data.val,                 {},                             kPlace,
     "Validation images, laid out like the training images; pretraining only reconstructs some of them."},
    {"data.root",                "root",       "",            &data.root,                {},                             kPlace,
     "Where the paths of a list begin; empty = in the folder of the list."},
    {"data.valRoot",             "",           "",            &data.valRoot,             {},                             kPlace,
     "The same for the list of --val; empty = as --root."},
    {"data.classMap",            "class-map",  "",            &data.classMap,            {},                             kPlace,
     "Lines data,model: which class of the model (in a fine-tuning and a probe, of --data) a class of the pictures to judge is, by name or number. Without it classes are matched by name, numbers by position."},
    {"data.imagesPerClass",      "",           "images",      &data.imagesPerClass,      {0, kMany},                     kFixed,
     "Use only the first N images of every class; 0 = all."},
    {"data.orientation",         "",           "",            &data.orientation,         words({"apply", "ignore"}),     kExport,
     "Whether a picture is turned as its orientation tag (EXIF) says, as viewers do; stored with the model, which must see pictures as its training did."},
    {"data.batch",               "batch",      "images",      &data.batch,               {1, 65536},                     kFixed,
     "Images per step."},
    {"data.balance",             "",           "",            &data.balance,             {0, 1},                         kFixed,
     "How equally often classes are drawn: 0 = as often as they have pictures, 1 = all alike; a class of n pictures counts as n^(1 - balance)."},
    {"data.ring",                "",           "batches",     &data.ring,                {2, 64},                        kResume,
     "Batches in flight between pipeline and trainer."},
    {"data.readers",             "",           "threads",     &data.readers,             {0, 256},                       kPlace,
     "Threads that read files; more help where storage is slow to answer. 0 = one per four workers."},
    {"data.maxBadImages",        "",           "images",      &data.maxBadImages,        {0, kMany},                     kResume,
     "Stop when more images than this could not be read."},
    {"data.maxBadRate",          "",           "",            &data.maxBadRate,          {0, 1},                         kResume,
     "Stop when more than this share of the images could not be read."},

    {"augment.scaleMin",         "",           "",            &augment.scaleMin,         {1e-6, 1},                      kFixed,
     "Smallest crop, as a share of the image's area."},
    {"augment.scaleMax",         "",           "",            &augment.scaleMax,         {1e-6, 1},                      kFixed,
     "Largest crop, as a share of the image's area."},
    {"augment.ratioMin",         "",           "",            &augment.ratioMin,         {0.01, 100},                    kFixed,
     "Smallest width / height of a crop."},
    {"augment.ratioMax",         "",           "",            &augment.ratioMax,         {0.01, 100},                    kFixed,
     "Largest width / height of a crop."},
    {"augment.flip",             "",           "",            &augment.flip,             {0, 1},                         kFixed,
     "Probability of a left-right flip."},
    {"augment.randLayers",       "",           "",            &augment.randLayers,       {0, 8},                         kFixed,
     "RandAugment: operations per image; 0 = off."},
    {"augment.randMagnitude",    "",           "",            &augment.randMagnitude,    {0, 10},                        kFixed,
     "RandAugment: strength of the operations."},
    {"augment.randMagnitudeStd", "",           "",            &augment.randMagnitudeStd, {0, 10},                        kFixed,
     "RandAugment: standard deviation of the strength."},
    {"augment.randProbability",  "",           "",            &augment.randProbability,  {0, 1},                         kFixed,
     "RandAugment: probability that a drawn operation is applied."},
    {"augment.erase",            "",           "",            &augment.erase,            {0, 1},                         kFixed,
     "Probability that a rectangle of the image is replaced by noise."},
    {"augment.evalRule",         "eval-rule",  "",            &augment.evalRule,         words(evalRuleNames()),         kExport,
     "How evaluation resizes a picture before it cuts out the centre: official = shorter side to input / evalCrop up to 224 px, to the input above; "
     "timm = to input / evalCrop always; stretch = to the input, proportions lost (the official Swin at 384 px)."},
    {"augment.evalCrop",         "",           "",            &augment.evalCrop,         {0.01, 1},                      kExport,
     "Share of the shorter side that evaluation looks at; with --eval-rule timm, 0.9 up to 224 px and 1 above unless you set it."},

    {"mix.maskRatio",            "",           "",            &mix.maskRatio,            {0, 1},                         kFixed,
     "Share of the cells taken from the partner image in pretraining."},
    {"mix.maskRatioRange",       "",           "",            &mix.maskRatioRange,       {0, 1},                         kFixed,
     "The ratio of a batch is drawn from [maskRatio, maskRatio + range]."},
    {"mix.groupAttention",       "",           "",            &mix.groupAttention,       {},                             kFixed,
     "In pretraining, tokens see only those of the same image; off: those of both, an ablation."},
    {"mix.bothImages",           "",           "",            &mix.bothImages,           {},                             kFixed,
     "In pretraining, reconstruct both images of a pair; off: one, an ablation with half the decoder."},
    {"mix.mixup",                "",           "",            &mix.mixup,                {0, 100},                       kFixed,
     "Beta parameter of mixup in fine-tuning; 0 = off."},
    {"mix.cutmix",               "",           "",            &mix.cutmix,               {0, 100},                       kFixed,
     "Beta parameter of cutmix in fine-tuning; 0 = off."},
    {"mix.probability",          "",           "",            &mix.probability,          {0, 1},                         kFixed,
     "Probability that a fine-tuning batch is mixed."},
    {"mix.switchProbability",    "",           "",            &mix.switchProbability,    {0, 1},                         kFixed,
     "Probability of cutmix where mixup and cutmix are both on."},
    {"mix.labelSmoothing",       "",           "",            &mix.labelSmoothing,       {0, 0.999},                     kFixed,
     "Label smoothing in fine-tuning."},

    {"model.name",               "model",      "",            &model.name,               words(modelNames()),            kShape,
     "Model size; the other model options override it."},
    {"model.encoder",            "",           "",            &model.encoder,            words(familyNames()),           kShape,
     "Family of the encoder; twins stands for twins_svt."},
    {"model.imageSize",          "size",       "px",          &model.imageSize,          {8, 4096},                      kShape | kExport,
     "Side of the input, or its HEIGHTxWIDTH."},
    {"model.patchSize",          "",           "px",          &model.patchSize,          {1, 64},                        kShape,
     "Side of a patch."},
    {"model.embedDim",           "",           "",            &model.embedDim,           {4, 4096},                      kShape,
     "Width of the first stage; it doubles from stage to stage."},
    {"model.dims",               "",           "",            &model.dims,               {4, 65536},                     kShape,
     "Widths of the stages, one number per stage; empty = embedDim, doubled from stage to stage."},
    {"model.depths",             "",           "blocks",      &model.depths,             {1, 1000},                      kShape,
     "Blocks per stage, one number per stage."},
    {"model.headDim",            "",           "",            &model.headDim,            {1, 4096},                      kShape,
     "Width of an attention head."},
    {"model.window",             "",           "tokens",      &model.window,             {0, 14},                        kShape,
     "Swin: side of an attention window at 224 px, 7 or 14; other image sizes follow from it. 0 = 7; windows of other encoders take no option."},
    {"model.mlpRatio",           "",           "",            &model.mlpRatio,           {1, 64},                        kShape,
     "Hidden width of an MLP as a multiple of its input, in encoder and decoder."},
    {"model.mlpRatios",          "",           "",            &model.mlpRatios,          {1, 64},                        kShape,
     "The same for each stage of the encoder, one number per stage; empty = mlpRatio."},
    {"model.decoderDim",         "",           "",            &model.decoderDim,         {4, 16384},                     kShape,
     "Width of the decoder."},
    {"model.decoderDepth",       "",           "blocks",      &model.decoderDepth,       {0, 1000},                      kShape,
     "Blocks of the decoder."},
    {"model.decoderHeads",       "",           "",            &model.decoderHeads,       {1, 1024},                      kShape,
     "Attention heads of the decoder."},
    {"model.dropPath",           "",           "",            &model.dropPath,           {0, 0.999},                     kTask,
     "Largest probability of skipping a block's branch."},
    {"model.normPixLoss",        "",           "",            &model.normPixLoss,        {},                             kTask,
     "Predict pixels normalised cell by cell."},
    {"model.classes",            "",           "",            &model.classes,            {0, 1000000},                   kShape | kTask,
     "Classes of the classifier; 0 = as many as the data has."},
    {"model.labels",             "",           "",            &model.labels,             words({"one", "several"}),      kTask,
     "Labels of a picture: one of the classes (softmax), or several or none of them (a sigmoid each), as a list with several labels per picture asks for."},

    {"optim.epochs",             "epochs",     "epochs",      &optim.epochs,             {0, 1e6},                       kFixed,
     "Passes over the training images."},
    {"optim.accumulate",         "accumulate", "batches",     &optim.accumulate,         {0, 65536},                     kFixed,
     "Batches whose gradients one step averages, in all processes together: the batch of the schedule is batch * accumulate. "
     "0 = one per process, or as in the run that is resumed."},
    {"optim.warmupEpochs",       "",           "epochs",      &optim.warmupEpochs,       {0, 1e6},                       kFixed,
     "Epochs of linear warm-up."},
    {"optim.baseLr",             "",           "",            &optim.baseLr,             {0, 100},                       kFixed,
     "Learning rate per 256 images of a batch."},
    {"optim.lr",                 "lr",         "",            &optim.lr,                 {0, 100},                       kFixed,
     "Learning rate; 0 = baseLr * batch * accumulate / 256."},
    {"optim.minLr",              "",           "",            &optim.minLr,              {0, 100},                       kFixed,
     "Learning rate at the end."},
    {"optim.beta1",              "",           "",            &optim.beta1,              {0, 0.999999999},               kFixed,
     "AdamW: decay of the mean gradient."},
    {"optim.beta2",              "",           "",            &optim.beta2,              {0, 0.999999999},               kFixed,
     "AdamW: decay of the mean squared gradient."},
    {"optim.eps",                "",           "",            &optim.eps,                {kTiny, 1},                     kFixed,
     "AdamW: added to the denominator."},
    {"optim.weightDecay",        "",           "",            &optim.weightDecay,        {0, 100},                       kFixed,
     "AdamW: decoupled weight decay."},
    {"optim.layerDecay",         "",           "",            &optim.layerDecay,         {1e-6, 1},                      kFixed,
     "Learning rate factor per block, counted from the head; 1 = none."},
    {"optim.classWeights",       "",           "",            &optim.classWeights,       {0, 1},                         kFixed,
     "How equally classes count in the loss of fine-tuning: 0 = by their pictures, 1 = all alike; a class of n pictures weighs n^-classWeights."},
    {"optim.freeze",             "",           "",            &optim.freeze,             {},                             kFixed,
     "In fine-tuning, only the head learns; the encoder stays as it is, without drop path, and costs a forward pass."},
    {"optim.headFullRate",       "",           "",            &optim.headFullRate,       {},                             kFixed,
     "The head learns at the full rate, not at that of the last block."},
    {"optim.ema",                "",           "",            &optim.ema,                {0, 0.999999},                  kFixed,
     "Decay per step of a running average of the weights, which is validated, saved and exported in their place; 0 = off."},
    {"optim.clipNorm",           "",           "",            &optim.clipNorm,           {0, kMany},                     kFixed,
     "Largest gradient norm; 0 = no clipping."},
    {"optim.maxNonFinite",       "",           "steps",       &optim.maxNonFinite,       {1, kMany},                     kFixed,
     "Stop after this many steps in a row with a non-finite loss."},

    {"run.task",                 "",           "",            &run.task,                 {},                             kFixed,
     "What the run does: pretrain or finetune."},
    {"run.out",                  "out",        "",            &run.out,                  {},                             kPlace,
     "Run folder: settings, metrics, checkpoints, pictures."},
    {"run.init",                 "init",       "",            &run.init,                 {},                             kPlace,
     "Weights to start from: a checkpoint, a file of PyTorch or safetensors; FILE:NAME where it holds several models. Says nothing "
     "about where a run goes on."},
    {"run.resume",               "resume",     "",            &run.resume,               {},                             kPlace,
     "Continue a run: auto = its newest good checkpoint, or the path of one."},
    {"run.overwrite",            "overwrite",  "",            &run.overwrite,            {},                             kResume,
     "Start anew in an existing run folder."},
    {"run.seed",                 "seed",       "",            &run.seed,                 {},                             kFixed,
     "Seed of every random number."},
    {"run.device",               "device",     "",            &run.device,               {},                             kPlace,
     "Where the trainer computes: cpu, cuda or cuda:N."},
    {"run.precision",            "precision",  "",            &run.precision,            words({"float32", "bfloat16"}), kResume,
     "Type of the matrix products and attention; weights, statistics and losses stay float32. bfloat16 is for GPUs."},
    {"run.gpuKernels",           "",           "",            &run.gpuKernels,           words({"libtorch", "own"}),     kResume,
     "What computes norms, GELU and sums of rows on a GPU of NVIDIA's: LibTorch, or kernels of our own, which no GPU has run yet."},
    {"run.threads",              "threads",    "threads",     &run.threads,              {0, 4096},                      kPlace,
     "Pipeline workers, and threads of a trainer on the CPU; 0 = all cores."},
    {"run.trainer",              "",           "",            &run.trainer,              {},                             kResume | kExport,
     "Training plugin: a name or a path."},
    {"run.keep",                 "",           "checkpoints", &run.keep,                 {1, kMany},                     kResume,
     "Checkpoints kept besides last and best."},
    {"run.checkpointEpochs",     "",           "epochs",      &run.checkpointEpochs,     {1e-6, kMany},                  kResume,
     "Epochs between checkpoints."},
    {"run.checkpointMinutes",    "",           "minutes",     &run.checkpointMinutes,    {0, kMany},                     kResume,
     "Minutes between checkpoints, whichever comes first."},
    {"run.logSteps",             "",           "steps",       &run.logSteps,             {1, kMany},                     kResume,
     "Steps between two lines of metrics."},
    {"run.validateEpochs",       "",           "epochs",      &run.validateEpochs,       {1e-6, kMany},                  kResume,
     "Epochs between two validations."},
    {"run.pictureEpochs",        "",           "epochs",      &run.pictureEpochs,        {0, kMany},                     kResume,
     "Epochs between two sheets of reconstructions in pretraining; 0 = none."},
    {"run.earlyStop",            "",           "validations", &run.earlyStop,            {0, kMany},                     kResume,
     "Fine-tuning ends after so many validations in a row without a better one; 0 = never."},
    {"run.lostSeconds",          "",           "seconds",     &run.lostSeconds,          {2, kMany},                     kResume,
     "Seconds without a sign of life after which another process of the run counts as lost."},
  };
  // clang-format on
}

}  // namespace

std::vector<Option> options(Config& config) {
  std::vector<Option> list;
  for (const Row& row : rowsOf(config))
    list.push_back({row.name, row.alias, row.sentence, row.unit, row.value, row.allowed.min, row.allowed.max,
                    row.allowed.choices, row.scope});
  return list;
}

}  // namespace cv::mixmim
