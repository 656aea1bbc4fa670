#include "pytorch/encoder_family.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "files/text.hpp"
#include "model_io/pytorch/named_models.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "pytorch/name_pattern.hpp"

namespace cv::mixmim {

namespace {

using Names = std::vector<std::string>;

/// Beginnings that the names of a family have.
struct Signs {
  Family family;
  NamePattern one, other;
};

// The first whose both signs are found counts.
constexpr Signs kFamilies[] = {
    // A Swin of the option 14 has all other tensors of a MixMIM, in the same shapes.
    {Family::kMixMim, "layers.#.blocks.", "absolute_pos_embed"},
    {Family::kSwin, "layers.#.blocks.", "patch_embed."},
    {Family::kPvt, "block+.", "pos_embed+"},
    {Family::kPvtV2, "block+.", "patch_embed+."},
    {Family::kTwinsSvt, "patch_embeds.#.", "blocks.#.0.attn.qkv."},
    {Family::kTwinsPcpvt, "patch_embeds.#.", "blocks.#.0.attn.q."}};

/// An encoder without a place in Family, and a part of a name that only its weights have, except where they
/// have names with the part `but` too.
struct OtherEncoder {
  const char *name, *sign, *but;
};

// Keys of the last stage are not reduced, except by pooling.
constexpr OtherEncoder kOthers[] = {{"Swin V2", ".attn.logit_scale", nullptr},
                                    {"PVTv2 with linear attention", "block4.0.attn.sr.", "block5."}};

bool oneHas(const char* part, const Names& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.find(part) != std::string::npos; });
}

}  // namespace

std::optional<Family> familyOf(const Names& names) {
  for (const auto& [family, one, other] : kFamilies)
    if (oneMatches(one, names) && oneMatches(other, names)) return family;
  return std::nullopt;
}

Family requireFamily(const Names& names, const std::string& where) {
  const std::optional<Family> family = familyOf(names);
  if (!family) failWithoutWeights(names, where);
  return *family;
}

void failWithoutWeights(const Names& names, const std::string& where) {
  constexpr size_t kShown = 3;
  Names shown;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) shown.push_back(inQuotes(names[i]));
  throw Error(where,
              fmt::format("holds no weights of MixMIM, Swin, PVT, PVTv2 or Twins: it has {} entries{}{}",
                          names.size(), shown.empty() ? "" : ", which begin with ", firstFew(shown)));
}

void refuseOtherEncoders(const Names& names, const std::string& where) {
  for (const auto& [name, sign, but] : kOthers)
    if (oneHas(sign, names) && !(but && oneHas(but, names)))
      throw Error(where,
                  fmt::format("expected weights of MixMIM, Swin, PVT, PVTv2 or Twins, got those of {}", name),
                  "this encoder is not supported");
}

void checkFamily(const Names& names, const ModelConfig& model, const std::string& where) {
  const std::optional<Family> family = familyOf(names);
  if (!family || *family == model.encoder) return;
  throw Error(where,
              fmt::format("expected weights of {} for the model {}, got those of {}", titleOf(model.encoder),
                          model.name, titleOf(*family)),
              "without --model the file says which model it is");
}

}  // namespace cv::mixmim
