#include "pytorch/foreign_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "files/foreign_numbers.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "pytorch/encoder_family.hpp"

namespace cv::mixmim {

namespace {

using Names = std::vector<std::string>;
using Renaming = std::pair<std::string_view, std::string_view>;

// The first that matches counts.
constexpr std::array<Renaming, 7> kBeginnings{{{"backbone.patch_embed.projection.", "patch_embed.proj."},
                                               {"backbone.stages.", "layers."},
                                               {"backbone.norm3.", "norm."},
                                               {"backbone.", ""},
                                               {"neck.ln1.", "decoder_norm."},
                                               {"neck.", ""},
                                               {"head.fc.", "head."}}};
constexpr std::array<Renaming, 5> kMiddles{{{".ln1.", ".norm1."},
                                            {".ln2.", ".norm2."},
                                            {".attn.w_msa.", ".attn."},
                                            {".ffn.layers.0.0.", ".mlp.fc1."},
                                            {".ffn.layers.1.", ".mlp.fc2."}}};

/// Weights that SimMIM trains beside the encoder, in its own files and in mmpretrain's.
constexpr std::array<std::string_view, 4> kOfSimMim{
    {"encoder.mask_token", "decoder.", "backbone.mask_token", "neck.decoder."}};

constexpr std::string_view kWrapper = "module.", kSimMimEncoder = "encoder.", kTimmHead = "head.fc.",
                           kStages = "layers.", kMerging = ".downsample.";

bool oneBegins(const Names& names, std::string_view start) {
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return startsWith(name, start); });
}

bool allBegin(const Names& names, std::string_view start) {
  return std::all_of(names.begin(), names.end(), [&](const auto& name) { return startsWith(name, start); });
}

bool isOfSimMim(const std::string& theirs) {
  return std::any_of(kOfSimMim.begin(), kOfSimMim.end(),
                     [&](std::string_view start) { return startsWith(theirs, start); });
}

std::string nameOfMmpretrain(const std::string& theirs) {
  std::string name = theirs;
  for (const auto& [start, ours] : kBeginnings) {
    if (!startsWith(name, start)) continue;
    name.replace(0, start.size(), ours);
    break;
  }
  for (const auto& [middle, ours] : kMiddles)
    if (const size_t at = name.find(middle); at != std::string::npos) name.replace(at, middle.size(), ours);
  return name;
}

std::string nameOfSimMim(const std::string& theirs) {
  return startsWith(theirs, kSimMimEncoder) ? theirs.substr(kSimMimEncoder.size()) : theirs;
}

void rename(Names& names, std::string (*officialName)(const std::string&)) {
  for (std::string& name : names) name = isOfSimMim(name) ? "" : officialName(name);
}

/// S of "layers.S.<part>...".
std::optional<int> stageOf(std::string_view name, std::string_view part) {
  int stage = 0;
  if (!startsWith(name, kStages)) return std::nullopt;
  name.remove_prefix(kStages.size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), stage);
  if (error != std::errc()) return std::nullopt;
  name.remove_prefix(static_cast<size_t>(end - name.data()));
  return startsWith(name, part) ? std::optional(stage) : std::nullopt;
}

int lastStage(const Names& names, std::string_view part) {
  int last = 0;
  for (const std::string& name : names) last = std::max(last, stageOf(name, part).value_or(0));
  return last;
}

/// "layers.1.downsample.norm.bias" -> "layers.0.downsample.norm.bias".
void countMergingToStageBefore(std::string& name) {
  const std::optional<int> stage = stageOf(name, kMerging);
  if (stage.value_or(0) > 0)
    name = fmt::format("{}{}{}", kStages, *stage - 1, name.substr(name.find(kMerging)));
}

/// Whether there was anything to rename: the official Swin has no merging behind its last stage.
bool renameTimm(Names& names) {
  if (familyOf(names) != Family::kSwin) return false;
  const int last = lastStage(names, kMerging);
  const bool merging = last > 0 && last == lastStage(names, ".blocks."), head = oneBegins(names, kTimmHead);
  for (std::string& name : names) {
    if (merging) countMergingToStageBefore(name);
    if (startsWith(name, kTimmHead)) name.replace(0, kTimmHead.size(), "head.");
  }
  return merging || head;
}

bool hasMergedChannels(const std::string& name) {
  return name.find(".downsample.reduction.") != std::string::npos ||
         name.find(".downsample.norm.") != std::string::npos;
}

Tensor officialMerging(const Tensor& tensor, const std::string& name) {
  constexpr int64_t kNeighbours = 4, kOrder[kNeighbours] = {0, 2, 1, 3};
  if (tensor.dtype != DType::kF32 || tensor.shape.empty() || tensor.shape.back() % kNeighbours != 0)
    throw Error(name, "expected floating-point numbers for four neighbours per channel");
  const int64_t width = tensor.shape.back(), channels = width / kNeighbours;
  Tensor official = Tensor::zeros(tensor.shape);
  for (int64_t row = 0; row < tensor.elements(); row += width)
    for (int64_t k = 0; k < kNeighbours; ++k)
      for (int64_t c = 0; c < channels; ++c)
        official.as<float>()[row + k * channels + c] = tensor.as<float>()[row + kNeighbours * c + kOrder[k]];
  return official;
}

}  // namespace

const char* nameOf(Program program) {
  constexpr std::array<const char*, 4> kNames{{"the official code", "mmpretrain", "timm", "SimMIM"}};
  return kNames.at(static_cast<size_t>(program));
}

OfficialNames officialNames(std::vector<std::string> theirs) {
  if (allBegin(theirs, kWrapper))
    for (std::string& name : theirs) name.erase(0, kWrapper.size());
  Program program = Program::kOfficial;
  if (oneBegins(theirs, "backbone.")) {
    program = Program::kMmpretrain;
    rename(theirs, nameOfMmpretrain);
  } else if (oneBegins(theirs, "encoder.patch_embed.")) {
    program = Program::kSimMim;
    rename(theirs, nameOfSimMim);
  } else if (renameTimm(theirs)) {
    program = Program::kTimm;
  }
  return {program, std::move(theirs)};
}

bool isDerived(const std::string& name) {
  return endsWith(name, "relative_position_index") || endsWith(name, "attn_mask");
}

Tensor officialValues(const Tensor& theirs, const std::string& name, Program program) {
  const Tensor values = toFloat(theirs);
  return program == Program::kMmpretrain && hasMergedChannels(name) ? officialMerging(values, name) : values;
}

}  // namespace cv::mixmim
