#include "evaluation/evaluation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "terminal/progress.hpp"

namespace cv::mixmim {

void evaluate(const std::shared_ptr<const Source>& source, const Config& config,
              const std::function<Answers(const Batch&)>& answering, Tally& tally, World& world,
              const std::string& title) {
  Pipeline pipeline(source, {config, Recipe::kEval, {}});
  const int64_t batches = pipeline.stepsPerEpoch();
  const int64_t first = world.rank() * batches / world.size(),
                last = (world.rank() + 1) * batches / world.size();
  Progress progress(title, std::min(last * config.data.batch, source->size()) - first * config.data.batch);
  int64_t done = 0;
  pipeline.start(first, last);
  while (const auto batch = pipeline.next()) {
    tally.add(*batch, answering(*batch));
    progress.count(done += batch->count, "images");
  }
  std::string leftOut;
  for (const BadImage& image : pipeline.badImages())
    leftOut += fmt::format("left out: {}: {}\n", placeText(image.path, image.offset), image.reason);
  for (std::string& lines : world.gather(leftOut))
    if (!lines.empty()) progress.note(lines.substr(0, lines.size() - 1));
  tally.addOthers(world);
}

}  // namespace cv::mixmim
