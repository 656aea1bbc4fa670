// One pass over a data set: every image once, as evaluation sees it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "data_pipeline/pipeline.hpp"
#include "evaluation/measure.hpp"

namespace cv::mixmim {

/// Shows `tally` every image of `source` after the evaluation transform, and what `answering` says of it.
/// Several processes take a part of the batches each, and the tallies of all get the whole. Images that
/// cannot be used are left out and named on stderr. `title` stands beside the progress bar.
void evaluate(const std::shared_ptr<const Source>& source, const Config& config,
              const std::function<Answers(const Batch&)>& answering, Tally& tally,
              World& world = *aloneInTheWorld(), const std::string& title = "evaluate");

}  // namespace cv::mixmim
