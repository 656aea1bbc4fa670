// How other programs spell the names of an encoder and its classifier.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cv::mixmim {

/// Whose names a file has.
enum class Program {
  kOfficial,    ///< the encoder's own authors', which are ours
  kMmpretrain,  ///< all of it
  kTimm,        ///< Swin and PVTv2; for Twins it has the official names
  kSimMim,      ///< Swin's pretraining by SimMIM: the encoder under "encoder.", beside a decoder
};

const char* wordFor(Program program);  ///< "official", "mmpretrain", "timm", "SimMIM"

/// Gives the names of another program their official spelling: names of one model, without a wrapper, "" for
/// those that do not count. Names that no program here uses stay as they are. Returns whose they were; none
/// where nothing had to change.
std::optional<Program> spellOfficially(std::vector<std::string>& names);

}  // namespace cv::mixmim
