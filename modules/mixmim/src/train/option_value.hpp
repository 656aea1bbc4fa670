// The values of options by their type.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// "pretrain" or "finetune": the word that stands for the task in files.
std::string nameOf(Task task);

/// For std::visit: one function per type.
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace cv::mixmim
