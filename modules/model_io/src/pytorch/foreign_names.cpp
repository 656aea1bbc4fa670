#include "pytorch/foreign_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "files/foreign_numbers.hpp"
#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "pytorch/encoder_family.hpp"

namespace cv::mixmim {

namespace {

using Names = std::vector<std::string>;
using Renaming = std::pair<std::string_view, std::string_view>;

constexpr std::string_view kBackbone = "backbone.", kSimMimEncoder = "encoder.", kTimmHead = "head.fc.",
                           kStages = "layers.", kMerging = ".downsample.",
                           kMmpretrainPatches = "patch_embed.projection.";

// The first that matches counts.
constexpr std::array<Renaming, 6> kBeginnings{{{kMmpretrainPatches, "patch_embed.proj."},
                                               {"stages.", "layers."},
                                               {"norm3.", "norm."},
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

bool oneBegins(const Names& names, std::string_view start) {
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return startsWith(name, start); });
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

/// A last "backbone." or "encoder." of a prefix.
std::string placeOf(const std::string& prefix) {
  for (const std::string_view place : {kBackbone, kSimMimEncoder})
    if (endsWith(prefix, place)) return std::string(place);
  return "";
}

/// Whether the name belongs to one of the other models of the file.
bool isOfAnother(const std::string& name, const std::vector<ModelPlace>& places) {
  return std::any_of(places.begin(), places.end(), [&](const ModelPlace& other) {
    return !other.prefix.empty() && startsWith(name, other.prefix) &&
           !startsWith(places.front().prefix, other.prefix);
  });
}

/// Drops `wrapper`, and all names that are not under it.
void unwrap(Names& names, const std::string& wrapper, const std::vector<ModelPlace>& places) {
  for (std::string& name : names) {
    name = withoutCompilers(name);
    const bool inside = startsWith(name, wrapper) && !isOfAnother(name, places);
    name = inside ? name.substr(wrapper.size()) : "";
  }
}

/// `theirs`, in quotes, of names that are empty now and are not in `before`.
Names emptied(const Names& names, const Names& theirs, const Names& before = {}) {
  Names list;
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i].empty() && (before.empty() || !before[i].empty())) list.push_back(inQuotes(theirs[i]));
  return list;
}

/// Whether SimMIM's mask token or decoder is among the names. A MixMIM in a wrapper of the same name has a
/// mask token too, beside its own decoder.
bool hasSimMim(const Names& names, const std::string& place) {
  return !oneBegins(names, place + "decoder_embed.") && std::any_of(names.begin(), names.end(), isOfSimMim);
}

/// Drops the encoder's place in a larger model, and SimMIM's own weights where it has them.
void takeOutOf(const std::string& place, bool simMim, Names& names) {
  for (std::string& name : names) {
    if (simMim && isOfSimMim(name))
      name.clear();
    else if (startsWith(name, place))
      name.erase(0, place.size());
  }
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

OfficialNames officialNames(const Names& theirs, const std::vector<ModelPlace>& places) {
  OfficialNames official{Program::kOfficial, theirs, {}, {}};
  Names& names = official.names;
  const std::string prefix = places.empty() ? "" : places.front().prefix, place = placeOf(prefix);
  unwrap(names, prefix.substr(0, prefix.size() - place.size()), places);
  official.outside = emptied(names, theirs);
  const bool simMim = !place.empty() && hasSimMim(names, place);
  const Names before = names;
  takeOutOf(place, simMim, names);
  official.simMim = emptied(names, theirs, before);
  if (oneBegins(names, kMmpretrainPatches)) {
    for (std::string& name : names) name = nameOfMmpretrain(name);
    official.program = Program::kMmpretrain;
  } else {
    const bool timm = renameTimm(names);
    official.program = simMim ? Program::kSimMim : timm ? Program::kTimm : Program::kOfficial;
  }
  return official;
}

Names notesAbout(const OfficialNames& official) {
  Names notes;
  if (!official.outside.empty())
    notes.push_back(fmt::format("outside the model, and not read: {}", firstFew(official.outside)));
  if (!official.simMim.empty())
    notes.push_back(
        fmt::format("of SimMIM's pretraining, not of MixMIM's, and not read: {}", firstFew(official.simMim)));
  return notes;
}

void failWithoutWeights(const Names& names, const std::string& where) {
  constexpr size_t kShown = 3;
  Names shown;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) shown.push_back(inQuotes(names[i]));
  throw Error(
      where,
      fmt::format("holds no weights of MixMIM or Swin: no tensor patch_embed.* among its {} entries{}{}",
                  names.size(), shown.empty() ? "" : "; they begin with ", firstFew(shown)));
}

bool isDerived(const std::string& name) {
  return endsWith(name, "relative_position_index") || endsWith(name, "attn_mask");
}

Tensor officialValues(const Tensor& theirs, const std::string& name, Program program) {
  const Tensor values = toFloat(theirs);
  return program == Program::kMmpretrain && hasMergedChannels(name) ? officialMerging(values, name) : values;
}

}  // namespace cv::mixmim
