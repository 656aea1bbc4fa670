// The values of options by their type.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The word that stands for a value in files: "pretrain" or "finetune".
std::string nameOf(Task task);
/// "mixmim" or "swin".
std::string nameOf(Family family);

/// For std::visit: one function per type.
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace cv::mixmim
