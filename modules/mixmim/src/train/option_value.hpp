// The values of options by their type.
#pragma once

#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The word that stands for a value in files: "pretrain" or "finetune".
std::string nameOf(Task task);
/// The word of an encoder, "mixmim", "pvt_v2", and all of them.
std::string nameOf(Family family);
std::vector<std::string> familyNames();
/// "one" or "several".
std::string nameOf(Labelling labelling);

/// For std::visit: one function per type.
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace cv::mixmim
