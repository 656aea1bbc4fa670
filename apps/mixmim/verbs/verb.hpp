// A verb of the command line: `mixmim <verb> ...`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "terminal/command_line.hpp"

namespace cv::mixmim {

using Arguments = std::vector<std::string>;

struct Verb {
  std::string name, sentence;
  /// The options and words that the verb accepts. Takes the arguments, not yet parsed, because they may
  /// decide about defaults.
  std::function<CommandLine(const Arguments&)> commandLine;
  /// Does the work with a parsed line and returns an exit code.
  std::function<int(const CommandLine&)> run;
};

/// All of them, in the order of their use.
const std::vector<Verb>& verbs();
/// One of them, or the verb that only this program itself calls. UsageError, with the nearest name, for any
/// other.
const Verb& verbNamed(const std::string& name);
/// Their names and sentences.
std::string usageText();
/// "mixmim 0.1.0"
std::string versionText();

Verb makeShapesVerb();
Verb checkVerb();
Verb packVerb();
Verb pretrainVerb();
Verb finetuneVerb();
Verb probeVerb();
Verb evalVerb();
Verb exportVerb();
Verb predictVerb();
Verb featuresVerb();
Verb showVerb();
Verb reportVerb();
Verb augmentVerb();
Verb benchVerb();
Verb configVerb();
Verb infoVerb();
Verb modelsVerb();
Verb completionVerb();
Verb helpVerb();

/// The verb that only this program itself calls, so that no list of verbs names it.
Verb trainerScoresVerb();

}  // namespace cv::mixmim
