#include "pytorch/foreign_names.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "files/foreign_numbers.hpp"
#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "pytorch/name_pattern.hpp"

namespace cv::mixmim {

namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kBackbone = "backbone.", kSimMimEncoder = "encoder.";

/// Weights that SimMIM trains beside the encoder, in its own files and in mmpretrain's.
constexpr std::array<std::string_view, 4> kOfSimMim{
    {"encoder.mask_token", "decoder.", "backbone.mask_token", "neck.decoder."}};

/// Parts that mmpretrain trains with another epsilon in their norms, by the beginning of their names.
constexpr std::array<std::pair<std::string_view, const char*>, 2> kOtherEps{
    {{"decoder_", "mmpretrain's decoder was trained with a norm epsilon of 1e-6, here it is 1e-5"},
     {"patch_embeds.", "mmpretrain's Twins was trained with a norm epsilon of 1e-5, here it is 1e-6"}}};

bool isOfSimMim(const std::string& theirs) {
  return std::any_of(kOfSimMim.begin(), kOfSimMim.end(),
                     [&](std::string_view start) { return startsWith(theirs, start); });
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
  return !oneMatches(place + "decoder_embed.", names) && std::any_of(names.begin(), names.end(), isOfSimMim);
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
  const std::optional<Program> program = spellOfficially(names);
  official.program = program.value_or(simMim ? Program::kSimMim : Program::kOfficial);
  return official;
}

Names notesAbout(const OfficialNames& official) {
  Names notes;
  if (!official.outside.empty())
    notes.push_back(fmt::format("outside the model, and not read: {}", firstFew(official.outside)));
  if (!official.simMim.empty())
    notes.push_back(
        fmt::format("of SimMIM's pretraining, not of MixMIM's, and not read: {}", firstFew(official.simMim)));
  for (const auto& [start, note] : kOtherEps)
    if (official.program == Program::kMmpretrain && oneMatches(start, official.names))
      notes.emplace_back(note);
  return notes;
}

bool isDerived(const std::string& name) {
  return endsWith(name, "relative_position_index") || endsWith(name, "attn_mask");
}

Tensor officialValues(const Tensor& theirs, const std::string& name, Program program) {
  const Tensor values = toFloat(theirs);
  return program == Program::kMmpretrain && hasMergedChannels(name) ? officialMerging(values, name) : values;
}

}  // namespace cv::mixmim
