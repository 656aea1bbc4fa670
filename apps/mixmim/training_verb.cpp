#include "apps/mixmim/training_verb.hpp"

#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/dry_run.hpp"
#include "apps/mixmim/training_run.hpp"

namespace cv::mixmim {

namespace {

int run(const CommandLine& line) {
  const Config config = configWithModelOf(line);
  if (line.has("dry-run")) return dryRun(config, line.has("json"));
  checkRunFolder(config);
  return TrainingRun(setUpRun(config)).run(line.has("json"));
}

}  // namespace

Verb trainingVerb(const std::string& sentence, const CommandLine& line, Task task) {
  CommandLine whole = line;
  whole.settings(task)
      .flag("dry-run", "Check everything, try a few steps, estimate time and memory; write nothing.")
      .flag("json", "Print the result as one JSON object.");
  return {line.verb(), sentence, [whole](const Arguments&) { return whole; }, run};
}

}  // namespace cv::mixmim
