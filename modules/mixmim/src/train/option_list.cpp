#include "opencv2/mixmim/train/options.hpp"

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

}  // namespace cv::mixmim
