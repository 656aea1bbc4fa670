#include "tests/parity/activations.hpp"

#include <cstdio>

#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim::parity {

namespace {

/// The part of `value` that a file keeps under a name with such an ending. Some files leave out the axis of a
/// single image.
at::Tensor partOf(const std::string& name, const at::Tensor& value, size_t axes) {
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  at::Tensor part = value;
  if (has(".image0")) part = part.narrow(0, 0, 1);
  if (has(".image_last")) part = part.narrow(0, part.size(0) - 1, 1);
  if (const size_t at = name.find(".cells"); at != std::string::npos) {
    int from = 0, to = 0;
    if (std::sscanf(name.c_str() + at, ".cells%dto%d", &from, &to) == 2)
      part = part.narrow(1, from, to - from + 1);
  }
  const bool single = part.size(0) == 1 && static_cast<size_t>(part.dim()) == axes + 1;
  return single ? part.squeeze(0) : part;
}

}  // namespace

bool Activations::compare(const std::string& name, const at::Tensor& value) {
  const size_t before = compared_.size();
  const json::value* all = golden_.find("activations");
  if (const json::value* described = all ? all->as_object().if_contains(name) : nullptr) {
    compared_.insert(name);
    compareDescription(descriptions_, name, value, *described);
  }
  for (const auto& [stored, tensor] : golden_.tensors)
    if (stored == name || startsWith(stored, name + ".")) {
      compared_.insert(stored);
      compareTensor(full_, stored, partOf(stored, value, tensor.shape.size()), tensor);
    }
  return compared_.size() > before;
}

void Activations::show(const std::string& name, const at::Tensor& value) {
  if (!compare(name, value)) descriptions_.lacks(name);
}

Trace Activations::trace(const Plan& plan) {
  const auto replaced = [](const std::string& name, const char* ending) {
    return name.substr(0, name.rfind('.')) + ending;
  };
  if (merges(plan))
    return [=, last = plan.stages.size()](const std::string& name, const at::Tensor& value) {
      if (endsWith(name, ".norm") || name == "stage1.embed") return;
      if (name == cv::format("stage%zu.blocks", last)) offer(replaced(name, ".out"), value);
      if (!endsWith(name, ".embed")) return show(name, value);
      show(cv::format("stage%d.out", std::stoi(name.substr(name.find_first_of("0123456789"))) - 1), value);
    };
  const bool norms = !plan.stages.front().norm.empty();
  return [=](const std::string& name, const at::Tensor& value) {
    if (endsWith(name, norms ? ".blocks" : ".norm")) return;
    show(endsWith(name, ".norm") ? replaced(name, ".blocks") : name, value);
  };
}

void Activations::finish() {
  if (const json::value* all = golden_.find("activations"))
    for (const auto& item : all->as_object())
      if (compared_.count(item.key()) == 0) descriptions_.unknown(item.key());
  for (const auto& entry : golden_.tensors)
    if (compared_.count(entry.first) == 0 && !startsWith(entry.first, "mask.")) full_.unknown(entry.first);
}

}  // namespace cv::mixmim::parity
