#include "run/non_finite_steps.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim {

NonFiniteSteps::NonFiniteSteps(RunFolder& folder, const Source& source, int limit,
                               std::shared_ptr<World> world)
    : folder_(folder), source_(source), limit_(limit), world_(std::move(world)) {}

void NonFiniteSteps::remember(const Batch& batch) {
  constexpr size_t kKept = 8;  // more than any trainer is late
  if (batch.accumulation.part == 0 || remembered_.empty()) remembered_.push_back({batch.step, {}});
  if (remembered_.size() > kKept) remembered_.pop_front();
  std::vector<int64_t>& samples = remembered_.back().samples;
  samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
}

void NonFiniteSteps::check(const StepReport& report) {
  inARow_ = report.skipped ? inARow_ + 1 : 0;
  if (!report.skipped) return;
  ++count_;
  record(report);
  if (inARow_ >= limit_)
    throw Error("training",
                fmt::format("{} steps in a row had a loss or gradient that is not finite, stopped at step {}",
                            inARow_, report.step + 1),
                fmt::format("their images are in {}/nonfinite.jsonl; start again from the last checkpoint "
                            "with a lower --optim.lr or --optim.clipNorm 1",
                            folder_.path()));
}

void NonFiniteSteps::record(const StepReport& report) const {
  boost::json::array own, images;
  const auto found = std::find_if(remembered_.begin(), remembered_.end(),
                                  [&](const Images& entry) { return entry.step == report.step; });
  if (found != remembered_.end())
    for (const int64_t index : found->samples) own.push_back(index);
  for (const std::string& list : world_->gather(jsonText(own))) {
    const boost::json::value indices = boost::json::parse(list);
    for (const boost::json::value& index : indices.as_array())
      images.push_back({{"index", index}, {"path", source_.place(index.as_int64())}});
  }
  folder_.logNonFinite({{"step", report.step + 1},
                        {"loss", report.loss},
                        {"grad_norm", report.gradNorm},
                        {"lr", report.lr},
                        {"images", std::move(images)}});
}

}  // namespace cv::mixmim
