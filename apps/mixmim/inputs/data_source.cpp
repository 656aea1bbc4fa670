#include "inputs/data_source.hpp"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

std::shared_ptr<const Source> openAndReport(const std::string& path, int imagesPerClass) {
  constexpr size_t kShown = 5;
  auto source = openSource(path, imagesPerClass);
  const auto problems = source->problems();
  for (size_t i = 0; i < problems.size() && i < kShown; ++i)
    std::cerr << fmt::format("left out: {}: {}\n", placeText(problems[i].path, problems[i].offset),
                             problems[i].reason);
  if (problems.size() > kShown)
    std::cerr << fmt::format("left out: {} more; `mixmim check` lists them all\n", problems.size() - kShown);
  return source;
}

void checkLabels(const std::string& where, const std::vector<std::string>& data,
                 const std::vector<std::string>& model) {
  if (data == model) return;
  const auto [a, b] = std::mismatch(data.begin(), data.end(), model.begin(), model.end());
  throw Error(
      where,
      fmt::format("expected the {} classes of the model, got {}; the first difference: '{}' here, '{}' there",
                  model.size(), data.size(), a == data.end() ? "" : *a, b == model.end() ? "" : *b),
      "class folders must have the same names");
}

}  // namespace cv::mixmim
