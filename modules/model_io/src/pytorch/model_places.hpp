// Where in a file a model is: files hold several, and each under wrappers of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model_io/pth/pth_value.hpp"

namespace cv::mixmim {

/// An encoder among names of tensors.
struct ModelPlace {
  std::string title;   ///< for people and for choosing: "model_ema", "state_dict.teacher"; may be ""
  std::string prefix;  ///< what stands before the encoder's names: "module.backbone."
  const PthDict* dict = nullptr;  ///< that holds the tensors; null where a file has one list of them

  /// Whether the title speaks of an average over training (EMA, SWA, a teacher).
  bool isAveraged() const;
};

/// The name without what torch.compile, FSDP and checkpointing of activations put between its parts.
std::string withoutCompilers(std::string name);

/// The places of encoders among such names: one for each text that stands before a first embedding
/// ("patch_embed.", "patch_embed1.", "patch_embeds.0."). Their titles say nothing of prefixes that every
/// wrapper uses (module., model., backbone., encoder.).
std::vector<ModelPlace> placesAmong(const std::vector<std::string>& names);

/// All places in the dictionaries of a .pth file, which may be nested.
std::vector<ModelPlace> placesIn(PthValue root);

/// A choice among places, and what people should know of it.
struct ChosenPlace {
  ModelPlace place;
  std::vector<std::string> notes;
};

/// The place whose title has the parts `key`, "" = the one that is no average, among several "model" or
/// "state_dict". Throws Error where that does not say which. `places` is not empty.
ChosenPlace choosePlace(const std::vector<ModelPlace>& places, const std::string& key,
                        const std::string& where);

}  // namespace cv::mixmim
