#include "opencv2/mixmim/train/data_defaults.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "train/resolve.hpp"

namespace cv::mixmim {

namespace {

/// The largest power of two that is at most `number`, which is at least 1.
int64_t powerOfTwoUpTo(int64_t number) {
  int64_t power = 1;
  while (power <= number / 2) power *= 2;
  return power;
}

/// Two digits that matter: a rule gives no more.
double rounded(double value) {
  return std::stod(fmt::format("{:.1e}", value));  // not by powers of ten, which are not exact
}

/// The choices so far, and the config as it is with them.
class Chooser {
 public:
  Chooser(Config config, const std::vector<Setting>& given, const DataAtHand& data)
      : config_(std::move(config)), recipe_(resolve(config_.run.task, {})), data_(data) {
    for (const Setting& setting : given)
      given_.insert(findOption(options(config_), setting.key, setting.origin).name);
  }

  std::vector<Choice> choose() {
    if (small()) chooseBatch();
    if (small()) chooseEpochs();
    if (small()) chooseRhythm();
    chooseWarmup();
    if (small()) chooseRate();
    if (config_.run.task == Task::kFinetune) chooseLayerDecay();
    if (small() && config_.run.task == Task::kFinetune) chooseAugmentation();
    return std::move(choices_);
  }

 private:
  bool small() const { return data_.images < kManyImages; }
  bool isGiven(const std::string& key) const { return given_.count(key) > 0; }

  /// No choice where the user has chosen, or where it is the value already.
  void set(const std::string& key, const std::string& value, const std::string& why) {
    if (isGiven(key)) return;
    const std::vector<Option> list = options(config_);
    const Option& option = findOption(list, key, key);
    const std::string before = option.get();
    option.set(value);
    if (option.get() != before) choices_.push_back({key, option.get(), why});
  }

  /// Batches of a step, in all processes together.
  int batches() const { return config_.optim.accumulate > 0 ? config_.optim.accumulate : data_.processes; }
  int64_t imagesPerStep() const { return int64_t{config_.data.batch} * batches(); }
  int64_t stepsPerEpoch() const { return std::max<int64_t>(1, data_.images / imagesPerStep()); }

  void chooseBatch() {
    constexpr int64_t kSteps = 128, kLeast = 16, kMost = 128;
    const int64_t wanted = std::clamp(data_.images / kSteps, kLeast, kMost);
    const int64_t possible = std::max<int64_t>(1, std::min(wanted, data_.images) / batches());
    set("data.batch", std::to_string(std::max<int64_t>(2, powerOfTwoUpTo(possible))), "more steps");
  }

  void chooseEpochs() {
    const bool pretraining = config_.run.task == Task::kPretrain;
    const int64_t epochs = pretraining ? 100 : 50, steps = pretraining ? 2000 : 1000;
    const int64_t enough = (steps + stepsPerEpoch() - 1) / stepsPerEpoch();
    set("optim.epochs", std::to_string(std::max(epochs, enough)),
        enough > epochs ? fmt::format("{} steps", steps) : "a run of hours, not weeks");
  }

  /// A hundred checkpoints and validations are enough of any run, and twenty sheets of pictures.
  void chooseRhythm() {
    const std::string why = "an epoch has few steps";
    const double most = config_.optim.epochs / 100;
    for (const char* key : {"run.checkpointEpochs", "run.validateEpochs"})
      if (most > 1) set(key, fmt::format("{:.0f}", most), why);
    if (5 * most > config_.run.pictureEpochs && config_.run.pictureEpochs > 0)
      set("run.pictureEpochs", fmt::format("{:.0f}", 5 * most), why);
  }

  void chooseWarmup() {
    const double share = std::min(1.0, config_.optim.epochs / recipe_.optim.epochs);
    set("optim.warmupEpochs", fmt::format("{:.4g}", share * recipe_.optim.warmupEpochs),
        "the recipe's share of the epochs");
  }

  void chooseRate() {
    if (isGiven("optim.baseLr")) return;
    constexpr double kRate = 1e-3, kImages = 32, kWidth = 128;  // where it was measured
    const double width = config_.model.embedDim << (config_.model.depths.size() - 1);
    const double rate =
        kRate * std::sqrt(static_cast<double>(imagesPerStep()) / kImages) * std::sqrt(kWidth / width);
    set("optim.lr", fmt::format("{}", rounded(rate)), "small steps of a narrow model bear more");
  }

  void chooseLayerDecay() {
    if (config_.run.init.empty())
      set("optim.layerDecay", "1", "no weights to start from");
    else if (small())
      set("optim.layerDecay", fmt::format("{}", std::max(0.85, config_.optim.layerDecay)),
          "all layers have something to learn");
  }

  void chooseAugmentation() {
    constexpr double kManySteps = 20000;
    if (config_.optim.epochs * static_cast<double>(stepsPerEpoch()) >= kManySteps) return;
    const std::string why = "too few steps to pay for more";
    if (!isGiven("augment.scaleMax")) set("augment.scaleMin", "0.5", why);
    for (const char* key :
         {"augment.randLayers", "augment.erase", "mix.mixup", "mix.cutmix", "model.dropPath"})
      set(key, "0", why);
  }

  Config config_;
  const Config recipe_;
  const DataAtHand data_;
  std::set<std::string> given_;
  std::vector<Choice> choices_;
};

}  // namespace

std::vector<Choice> choicesFor(const Config& config, const std::vector<Setting>& given,
                               const DataAtHand& data) {
  return Chooser(config, given, data).choose();
}

void applyChoices(const std::vector<Choice>& choices, Config& config) {
  const std::vector<Option> list = options(config);
  for (const Choice& choice : choices) findOption(list, choice.key, choice.key).set(choice.value);
}

}  // namespace cv::mixmim
