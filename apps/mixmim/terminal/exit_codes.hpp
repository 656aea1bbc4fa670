// Results of the program for the shell.
#pragma once

namespace cv::mixmim {

/// Exit codes of the program; kFindings: what was looked for is there. An interrupted run ends with 128 + the
/// signal's number.
inline constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2, kFindings = 3;

}  // namespace cv::mixmim
