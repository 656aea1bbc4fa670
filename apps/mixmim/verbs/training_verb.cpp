#include "verbs/training_verb.hpp"

#include <cstdlib>
#include <iostream>
#include <optional>

#include "inputs/checkpoint_config.hpp"
#include "processes/launcher.hpp"
#include "processes/processes.hpp"
#include "run/dry_run.hpp"
#include "run/run_lock.hpp"
#include "run/training_run.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/interrupt.hpp"

namespace cv::mixmim {

namespace {

int train(const RunRequest& request, const Launch& launch, bool json) {
  catchCheckpointRequests();
  const Quiet quiet(launch.rank > 0);
  std::optional<RunLock> lock;
  if (launch.rank == 0) lock.emplace(request.config.run.out);
  RunSetup setup = setUpRun(request, launch);
  if (lock && lock->held()) removeLeftOvers(request.config.run.out);
  const std::shared_ptr<World> world = setup.world;
  try {
    const int exitCode = TrainingRun(std::move(setup)).run(json);
    world->leave();
    return exitCode;
  } catch (const std::exception& e) {
    world->fail(e.what());
    throw;
  }
}

/// Runs one of several processes. After a failure it ends at once, because its own threads may wait for the
/// others for ever.
int trainWithOthers(const RunRequest& request, const Launch& launch, bool json) {
  try {
    return train(request, launch, json);
  } catch (const std::exception& e) {
    std::cerr << "mixmim: error: " << e.what() << std::endl;
    tellLauncher(e.what());
    std::_Exit(kFailed);
  }
}

/// The same command for each of several processes.
Arguments forOne(const CommandLine& line) {
  const Arguments& arguments = line.arguments();
  Arguments own{line.verb()};
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--nproc")
      ++i;
    else if (arguments[i].rfind("--nproc=", 0) != 0)
      own.push_back(arguments[i]);
  }
  return own;
}

int run(const CommandLine& line) {
  const RunRequest request = requestOf(line);
  const int processes = line.number("nproc", 1, 1024);
  const Launch launch = launchOfThisProcess();
  if (processes > 1 && !launch.launcher.empty())
    throw UsageError("--nproc: " + launch.launcher + " has started this process as one of several already");
  if (line.has("dry-run")) {
    if (processes > 1 || launch.size > 1)
      throw UsageError("--dry-run: tries one process, without --nproc or a launcher");
    return dryRun(request, line.has("json"));
  }
  if (launch.rank == 0) {
    refuseSecondRun(request.config.run.out);
    checkRunFolder(request.config);
  }
  if (processes > 1) return runProcesses(processes, {forOne(line)});
  return launch.size > 1 ? trainWithOthers(request, launch, line.has("json"))
                         : train(request, launch, line.has("json"));
}

}  // namespace

Verb trainingVerb(const std::string& sentence, const CommandLine& line, Task task) {
  CommandLine whole = line;
  whole.settings(task)
      .flag("dry-run", "Check everything, try a few steps, estimate time and memory; write nothing.")
      .flag("json", "Print the result as one JSON object.")
      .option("nproc", "Processes on this machine that share the batches of every step.", "1", "processes");
  return {line.verb(), sentence, [whole](const Arguments&) { return whole; }, run};
}

}  // namespace cv::mixmim
