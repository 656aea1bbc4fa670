// Which encoder weights belong to, judged by their names alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The names of tensors or shapes.
template <class Value>
std::vector<std::string> namesOf(const std::map<std::string, Value>& named) {
  std::vector<std::string> names;
  for (const auto& entry : named) names.push_back(entry.first);
  return names;
}

/// The family whose (official) names those are. None where they say too little, or belong to something else.
std::optional<Family> familyOf(const std::vector<std::string>& names);

/// The same; throws the Error of failWithoutWeights() for none.
Family requireFamily(const std::vector<std::string>& names, const std::string& where);

/// Throws the Error of a file whose names are those of no encoder here, by the first of them.
[[noreturn]] void failWithoutWeights(const std::vector<std::string>& names, const std::string& where);

/// Throws Error, naming the encoder, where the names are those of one that is known and not supported: Swin
/// V2, PVTv2 with linear attention.
void refuseOtherEncoders(const std::vector<std::string>& names, const std::string& where);

/// Throws Error, naming the file's encoder, where it is another than that of `model`.
void checkFamily(const std::vector<std::string>& names, const ModelConfig& model, const std::string& where);

}  // namespace cv::mixmim
