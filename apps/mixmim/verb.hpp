// A verb of the command line: `mixmim <verb> ...`.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

using Arguments = std::vector<std::string>;

/// Each verb parses its own arguments, does its work, and returns an exit code (below).
int runMakeShapes(const Arguments& arguments);
int runCheck(const Arguments& arguments);
int runPack(const Arguments& arguments);
int runPretrain(const Arguments& arguments);
int runFinetune(const Arguments& arguments);
int runProbe(const Arguments& arguments);
int runEval(const Arguments& arguments);
int runExport(const Arguments& arguments);
int runFeatures(const Arguments& arguments);
int runPredict(const Arguments& arguments);
int runShow(const Arguments& arguments);
int runReport(const Arguments& arguments);
int runAugment(const Arguments& arguments);
int runBench(const Arguments& arguments);
int runConfig(const Arguments& arguments);
int runInfo(const Arguments& arguments);

/// Exit codes of the program; an interrupted run ends with 128 + the signal's number.
inline constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

}  // namespace cv::mixmim
