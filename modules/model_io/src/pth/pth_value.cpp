#include "model_io/pth/pth_value.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "files/text.hpp"

namespace cv::mixmim {

namespace {

struct Describer {
  std::string operator()(PthNone) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(int64_t value) const { return fmt::format("the number {}", value); }
  std::string operator()(double value) const { return fmt::format("the number {}", value); }
  std::string operator()(std::string_view value) const { return fmt::format("the text {}", inQuotes(value)); }
  std::string operator()(const PthList& list) const { return fmt::format("a list of {}", list.items.size()); }
  std::string operator()(const PthDict& dict) const {
    return fmt::format("a dictionary of {}", dict.items.size());
  }
  std::string operator()(const PthTensor&) const { return "a tensor"; }
  std::string operator()(const PthStorage&) const { return "the storage of tensors"; }
  std::string operator()(const PthOpaque& global) const {
    return fmt::format("an object of {}, which is not run",
                       inQuotes(fmt::format("{}.{}", global.module, global.name)));
  }
};

}  // namespace

std::string describe(PthValue value) {
  return std::visit(Describer{}, value->value);
}

PthValue find(const PthDict& dict, std::string_view key) {
  const auto isKey = [&](const auto& item) {
    const auto* text = item.first->template as<std::string_view>();
    return text && *text == key;
  };
  // From the end: of two equal keys Python keeps the later value.
  const auto found = std::find_if(dict.items.rbegin(), dict.items.rend(), isKey);
  return found == dict.items.rend() ? nullptr : found->second;
}

}  // namespace cv::mixmim
