#include "inputs/data_source.hpp"

#include <iostream>

#include <fmt/format.h>

namespace cv::mixmim {

std::shared_ptr<const Source> openAndReport(const std::string& path, const SourceOptions& options) {
  constexpr size_t kShown = 5;
  auto source = openSource(path, options);
  const auto problems = source->problems();
  for (size_t i = 0; i < problems.size() && i < kShown; ++i)
    std::cerr << fmt::format("left out: {}: {}\n", placeText(problems[i].path, problems[i].offset),
                             problems[i].reason);
  if (problems.size() > kShown)
    std::cerr << fmt::format("left out: {} more; `mixmim check` lists them all\n", problems.size() - kShown);
  if (const std::string omissions = source->omissions().text(); !omissions.empty())
    std::cerr << fmt::format("passed over in {}: {}\n", path, omissions);
  if (options.classes == Classes::kNeeded)
    for (const std::string& warning : source->warnings()) std::cerr << "warning: " << warning << '\n';
  return source;
}

std::shared_ptr<const Source> openTrainingData(const DataConfig& data, Classes classes) {
  return openAndReport(data.train, {data.imagesPerClass, classes, data.root});
}

std::shared_ptr<const Source> openValidationData(const DataConfig& data, Classes classes) {
  return openAndReport(data.val, {0, classes, data.valRoot.empty() ? data.root : data.valRoot});
}

}  // namespace cv::mixmim
