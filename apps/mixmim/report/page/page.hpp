// The report of one run, or of several side by side, as one HTML page.
#pragma once

#include <string>
#include <vector>

#include "report/records/run_record.hpp"

namespace cv::mixmim::report {

/// The most runs that colours can tell apart.
inline constexpr size_t kMostRuns = 8;

/// A page that needs no other file, no network and no script, and forbids the browser all three. Its size is
/// bounded whatever the runs hold. Pictures that cannot be read become notes of their run.
std::string page(std::vector<RunRecord>& runs);

}  // namespace cv::mixmim::report
