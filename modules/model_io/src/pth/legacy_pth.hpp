// The format of torch.save before PyTorch 1.6, and of later ones where it is asked for: mmpretrain publishes
// its models so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pth/unpickler.hpp"

namespace cv::mixmim {

/// Whether the file begins as that format does.
bool isLegacyPth(std::string_view file);

/// Pickles one behind the other (a number that marks the format, its version, facts about the machine, the
/// object, the keys of its storages), then for every storage the number of its elements and their bytes.
struct LegacyPth {
  PthValue root = nullptr;
  std::map<std::string, std::string_view, std::less<>> storages;  ///< bytes by key
  std::vector<std::string> passedOver;
};

/// Reads a file for which isLegacyPth() holds, and which may be hostile: storages are checked against the
/// file before anything is allocated for them. `tensorLimit` and `arena` as for Unpickler. Throws Error with
/// `where`.
LegacyPth readLegacyPth(std::string_view file, const std::string& where, uint64_t tensorLimit,
                        PthArena& arena);

}  // namespace cv::mixmim
