#include "pytorch/encoder_family.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// An encoder without a place in Family, and a part of a name that only its weights have.
struct OtherEncoder {
  const char *name, *sign;
};

// The first that is found counts.
constexpr OtherEncoder kOthers[] = {{"PVT", "pos_embed1"},
                                    {"PVTv2", "patch_embed1."},
                                    {"PVTv2", "stages.0.blocks.0.attn.q."},
                                    {"Twins", "patch_embeds.0."},
                                    {"Swin V2", ".attn.logit_scale"}};

}  // namespace

const char* encoderName(Family family) {
  return family == Family::kSwin ? "Swin" : "MixMIM";
}

std::optional<Family> familyOf(const std::vector<std::string>& names) {
  const auto isOfStages = [](const std::string& name) { return startsWith(name, "layers.0.blocks."); };
  if (std::none_of(names.begin(), names.end(), isOfStages)) return std::nullopt;
  // A Swin of the option 14 has all other tensors of a MixMIM, in the same shapes.
  const bool hasPositions = std::find(names.begin(), names.end(), "absolute_pos_embed") != names.end();
  return hasPositions ? Family::kMixMim : Family::kSwin;
}

void refuseOtherEncoders(const std::vector<std::string>& names, const std::string& where) {
  for (const OtherEncoder& other : kOthers) {
    const auto isSign = [&](const std::string& name) { return name.find(other.sign) != std::string::npos; };
    if (std::any_of(names.begin(), names.end(), isSign))
      throw Error(where, fmt::format("expected weights of MixMIM or Swin, got those of {}", other.name),
                  "this encoder is not supported");
  }
}

void checkFamily(const std::vector<std::string>& names, const ModelConfig& model, const std::string& where) {
  const std::optional<Family> family = familyOf(names);
  if (!family || *family == model.encoder) return;
  throw Error(where,
              fmt::format("expected weights of {} for the model {}, got those of {}",
                          encoderName(model.encoder), model.name, encoderName(*family)),
              "without --model the file says which model it is");
}

}  // namespace cv::mixmim
