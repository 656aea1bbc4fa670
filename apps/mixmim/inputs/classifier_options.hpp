// How a deployed model is to be computed: the same options for every verb that uses the Classifier.
#pragma once

#include "opencv2/mixmim/classifier.hpp"
#include "terminal/command_line.hpp"

namespace cv::mixmim {

/// Adds --stock, --int8, --flip, --backend, --target and --engine to a verb.
CommandLine& addClassifierOptions(CommandLine& line);

/// The values of these options. UsageError for a word that names no backend, target or engine.
ClassifierOptions classifierOptionsOf(const CommandLine& line);

/// UsageError for the first of them that was given, where no deployed model is used: "--int8: <reason>".
void refuseClassifierOptions(const CommandLine& line, const std::string& reason);

/// Sets the number of OpenCV's threads, because the Classifier computes on them; 0 leaves OpenCV's own
/// choice.
void computeOn(int threads);

/// --threads of a verb whose only threads are those.
CommandLine& addThreadsOption(CommandLine& line);
int threadsOf(const CommandLine& line);

}  // namespace cv::mixmim
