#include "evaluation/trainer_scores.hpp"

#include <fcntl.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "processes/own_process.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

/// Answers with scores as floats, or with the reason as text and an exit code.
int answer(const CommandLine&) {
  if (fcntl(kAnswerDescriptor, F_GETFD) < 0)
    throw UsageError(
        fmt::format("mixmim {}: is a part of `mixmim export`, which starts it", kTrainerScoresVerb));
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody else wants the answer
  try {
    const cv::Mat scores = requestedScores();
    return writeAll(kAnswerDescriptor, scores.data, scores.total() * sizeof(float)) ? kDone : kFailed;
  } catch (const std::exception& e) {
    writeAll(kAnswerDescriptor, e.what(), std::strlen(e.what()));
    return kFailed;
  }
}

}  // namespace

Verb trainerScoresVerb() {
  const auto commandLine = [](const Arguments&) {
    return CommandLine(kTrainerScoresVerb, "Answers `mixmim export`.", "", "mixmim export");
  };
  return {kTrainerScoresVerb, "", commandLine, answer};
}

}  // namespace cv::mixmim
