// Defaults that follow the data at hand, because the published recipes are made for a million pictures: a few
// thousand pictures in steps of 2048 are too few steps to learn from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

/// The facts of a new run that its defaults follow.
struct DataAtHand {
  int64_t images = 0;  ///< training pictures, at least 1
  int processes = 1;   ///< that share the batches of a step
};

/// Fewer training pictures than this are "small data".
inline constexpr int64_t kManyImages = 100000;

/// A default that was chosen, and why, as part of a sentence.
struct Choice {
  std::string key;    ///< whole name of the option
  std::string value;  ///< as Option::set takes it
  std::string why;    ///< "an epoch has at least 128 steps"
};

/// The settings that follow the data and are not in `given` (by name or alias), in the order in which they
/// depend on each other. `config` is resolved from `given` alone.
///
/// For small data:
///   - data.batch: images / 128, rounded down to a power of two from 16 to 128, shared by the processes;
///   - optim.epochs: 100 in pretraining and 50 in fine-tuning, or as many as make 2,000 and 1,000 steps;
///   - run.checkpointEpochs, run.validateEpochs: a hundredth of the epochs, if that is more than one;
///   - run.pictureEpochs: a twentieth of them, if that is more than the default;
///   - optim.lr: 1e-3 * sqrt(images per step / 32) * sqrt(128 / width of the last stage), unless
///     optim.baseLr is given;
///   - optim.layerDecay: 0.85 in fine-tuning from weights, or the recipe's where that is more;
///   - augment.scaleMin 0.5, and no RandAugment, erasing, mixup, cutmix and drop path, in a fine-tuning of
///     fewer than 20,000 steps.
///
/// For all data:
///   - optim.warmupEpochs: the recipe's share of the epochs, at most the recipe's warm-up;
///   - optim.layerDecay: 1 in a fine-tuning that starts from no weights.
///
/// Source: none of them is published. They were chosen by the measurements in docs/training.md, "Small data".
CV_EXPORTS std::vector<Choice> choicesFor(const Config& config, const std::vector<Setting>& given,
                                          const DataAtHand& data);

/// Sets them.
CV_EXPORTS void applyChoices(const std::vector<Choice>& choices, Config& config);

}  // namespace cv::mixmim
