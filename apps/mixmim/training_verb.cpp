#include "apps/mixmim/training_verb.hpp"

#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/dry_run.hpp"
#include "apps/mixmim/training_run.hpp"

namespace cv::mixmim {

int runTrainingVerb(CommandLine line, Task task, const Arguments& arguments) {
  line.settings(task)
      .flag("dry-run", "Check everything, try a few steps, estimate time and memory; write nothing.")
      .flag("json", "Print the result as one JSON object.");
  if (!line.parse(arguments)) return kDone;
  const Config config = configWithModelOf(line);
  if (line.has("dry-run")) return dryRun(config, line.has("json"));
  checkRunFolder(config);
  return TrainingRun(setUpRun(config)).run(line.has("json"));
}

}  // namespace cv::mixmim
