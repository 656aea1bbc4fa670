// The settings of a run as plain structs. The one list that names, explains and bounds them is options.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core/cvdef.h>
#include <opencv2/core/types.hpp>

#include "opencv2/mixmim/eval_view.hpp"
#include "opencv2/mixmim/orientation.hpp"

namespace cv::mixmim {

/// The task of a training run. Evaluation is a Recipe of the pipeline, not a task.
enum class Task { kPretrain, kFinetune };

/// The families of encoders; modules/model has a plan for each.
enum class Family { kMixMim, kSwin, kPvt, kTwinsSvt, kTwinsPcpvt, kPvtV2 };

/// The labels of a picture: one class, or several labels, any number of them, none included.
enum class Labelling { kOne, kSeveral };

/// [data]: which images, how many at a time, and how many bad ones are too many.
struct DataConfig {
  std::string train;       ///< where the training images are
  std::string val;         ///< where the validation images are; pretraining reconstructs some of them
  std::string root;        ///< where the paths of lists begin; "" = beside the list
  std::string valRoot;     ///< the same for val; "" = root
  std::string classMap;    ///< file that matches the classes of val with those of train; "" = by name
  int imagesPerClass = 0;  ///< use only the first N images of every class; 0 = all
  /// The tags that cameras write. kApply is the default of new runs (resolve()).
  Orientation orientation = Orientation::kIgnore;
  int batch = 128;          ///< images per step
  double balance = 0;       ///< 0 = pictures as often as they are, 1 = classes equally often
  int ring = 4;             ///< batches in flight between pipeline and trainer
  int readers = 0;          ///< threads that read files; 0 = one per four workers
  int maxBadImages = 1000;  ///< stop when more images than this could not be read
  double maxBadRate = 0.1;  ///< stop when more than this share could not be read (judged from 100 images on)
};

/// [augment]: what the pipeline does to an image. Defaults of pretraining; resolve() sets those of
/// fine-tuning.
struct AugmentConfig {
  double scaleMin = 0.2;                    ///< smallest crop area as a share of the image
  double scaleMax = 1.0;                    ///< largest
  double ratioMin = 3.0 / 4;                ///< narrowest crop, width / height
  double ratioMax = 4.0 / 3;                ///< widest
  double flip = 0.5;                        ///< probability of a horizontal flip
  int randLayers = 0;                       ///< RandAugment: operations per image, 0 = off
  double randMagnitude = 9;                 ///< their strength, 0 to 10
  double randMagnitudeStd = 0.5;            ///< its standard deviation
  double randProbability = 0.5;             ///< probability that a drawn operation is applied
  double erase = 0;                         ///< probability that a rectangle is erased
  EvalRule evalRule = EvalRule::kOfficial;  ///< how evaluation resizes a picture
  double evalCrop = 0.875;                  ///< share of the shorter side that it looks at

  EvalView evalView() const { return {evalRule, evalCrop}; }  ///< both
};

/// [mix]: how two images become one.
struct MixConfig {
  double maskRatio = 0.5;          ///< share of the cells taken from the partner image (pretraining)
  double maskRatioRange = 0.0;     ///< the ratio of a batch is drawn from [maskRatio, maskRatio + range]
  bool groupAttention = true;      ///< tokens of a mixture see those of the same image only (pretraining)
  bool bothImages = true;          ///< both images of a pair are reconstructed (pretraining)
  double mixup = 0.8;              ///< Beta parameter of mixup, 0 = off (fine-tuning)
  double cutmix = 1.0;             ///< Beta parameter of cutmix, 0 = off (fine-tuning)
  double probability = 1.0;        ///< probability that a batch is mixed at all (fine-tuning)
  double switchProbability = 0.5;  ///< probability of cutmix where both are on
  double labelSmoothing = 0.1;     ///< share of a label that is spread over all classes (fine-tuning)
};

/// [model]: the sizes from which planOf() (model/plan.hpp) computes all others.
struct ModelConfig {
  std::string name = "base";         ///< of modelNames(): stands for all sizes that are not given
  Family encoder = Family::kMixMim;  ///< its family
  cv::Size imageSize{224, 224};      ///< of the input, px; its sides are multiples of the stride
  int patchSize = 4;                 ///< side of the patch that becomes one token of stage 1, px
  int embedDim = 128;                ///< width C of stage 1; stage s is C * 2^s wide
  /// Widths of the stages, of which embedDim is then the first; empty = embedDim, doubled from stage to
  /// stage.
  std::vector<int> dims;
  std::vector<int> depths{2, 2, 18, 2};  ///< blocks per stage; its length is the number of stages
  int headDim = 32;                      ///< width of one attention head
  int window = 0;                        ///< swin: side of a window at 224 px, 7 or 14; 0 = 7
  int mlpRatio = 4;                      ///< width of a block's hidden layer, in widths of its stage
  std::vector<int> mlpRatios;            ///< the same of each stage of the encoder; empty = mlpRatio
  int decoderDim = 512;                  ///< width of the decoder
  int decoderDepth = 8;                  ///< its blocks
  int decoderHeads = 16;                 ///< its attention heads
  double dropPath = 0.0;    ///< probability that the last block is skipped; rises linearly from 0
  bool normPixLoss = true;  ///< targets are pixels normalised within their cell
  int classes = 0;          ///< 0 = as many as the data set has
  /// kOne: a softmax over the classes. kSeveral: a sigmoid for each of them.
  Labelling labels = Labelling::kOne;
};

/// [optim]: AdamW, its schedule, gradient clipping, and the limit on non-finite steps. Defaults of
/// pretraining; resolve() sets those of fine-tuning.
struct OptimConfig {
  double epochs = 300;  ///< passes over the data
  int accumulate = 0;   ///< batches whose gradients one step averages, in all processes; 0 = one per process
  double warmupEpochs = 40;   ///< epochs in which the learning rate rises from 0
  double baseLr = 1.5e-4;     ///< learning rate per 256 images
  double lr = 0;              ///< learning rate; 0 = baseLr * batch / 256
  double minLr = 0;           ///< learning rate at the end
  double beta1 = 0.9;         ///< decay of the gradient's running mean
  double beta2 = 0.95;        ///< decay of its square's
  double eps = 1e-8;          ///< added to the root of the square's mean
  double weightDecay = 0.05;  ///< decoupled; not for biases and norms
  double layerDecay = 1.0;    ///< learning rate factor per block, counted from the head; 1 = none
  double classWeights = 0;    ///< 0 = pictures count alike in the loss, 1 = classes do
  bool freeze = false;        ///< only the classifier's head learns, and the encoder stays as it is
  bool headFullRate = false;  ///< the classifier's head is not scaled by layerDecay
  double clipNorm = 0;        ///< largest gradient norm; 0 = no clipping
  /// Decay per step of a running average of the weights, which is then used instead of them; 0 = none.
  double ema = 0;
  int maxNonFinite = 10;  ///< stop after this many non-finite steps in a row
};

/// [run]: the task, folders, hardware, and how often things are saved and logged.
struct RunConfig {
  Task task = Task::kPretrain;        ///< pretraining or fine-tuning
  std::string out;                    ///< run folder
  std::string init;                   ///< weights to start from
  std::string resume;                 ///< "", "auto", or a checkpoint
  bool overwrite = false;             ///< an existing run folder is replaced
  uint64_t seed = 0;                  ///< of everything that is drawn
  std::string device = "cpu";         ///< cpu, cuda, cuda:N
  std::string precision = "float32";  ///< float32 or bfloat16: of the products; weights stay float32
  /// libtorch or own: what computes norms, GELU and sums of rows on a GPU of NVIDIA's.
  std::string gpuKernels = "libtorch";
  int threads = 0;  ///< pipeline workers, and threads of a trainer that computes on the CPU; 0 = all cores
  std::string trainer = "torch_trainer";  ///< plugin name or path
  int keep = 3;                           ///< step-* checkpoints kept
  double checkpointEpochs = 1;            ///< epochs between checkpoints
  double checkpointMinutes = 10;          ///< and minutes, whichever comes first
  int logSteps = 10;                      ///< steps between two lines of metrics
  double validateEpochs = 1;              ///< epochs between two validations
  double pictureEpochs = 10;              ///< epochs between two sheets of reconstructions, 0 = none
  int earlyStop = 0;        ///< validations in a row without a better one that end a run, 0 = never
  double lostSeconds = 20;  ///< without a sign of life, after which another process counts as lost
};

/// All settings of a run. A resolved Config is stored in the run folder and in every checkpoint.
struct Config {
  DataConfig data;        ///< [data]
  AugmentConfig augment;  ///< [augment]
  MixConfig mix;          ///< [mix]
  ModelConfig model;      ///< [model]
  OptimConfig optim;      ///< [optim]
  RunConfig run;          ///< [run]
};

}  // namespace cv::mixmim
