#include "inputs/data_source.hpp"

#include <iostream>

#include <fmt/format.h>

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

}  // namespace cv::mixmim
