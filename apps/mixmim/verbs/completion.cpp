#include <iostream>

#include "terminal/exit_codes.hpp"
#include "verbs/completion_scripts.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

CommandLine commandLine(const Arguments&) {
  CommandLine line("completion",
                   "Prints the completion of verbs, options and their values, for a shell to read.",
                   "bash|zsh|fish", "source <(mixmim completion bash)");
  line.words("SHELL", {"bash", "zsh", "fish"})
      .example("source <(mixmim completion zsh)")
      .example("mixmim completion fish | source");
  return line;
}

int run(const CommandLine& line) {
  const std::string shell = line.words().size() == 1 ? line.words().front() : "";
  if (shell == "bash")
    std::cout << bashCompletion();
  else if (shell == "zsh")
    std::cout << zshCompletion();
  else if (shell == "fish")
    std::cout << fishCompletion();
  else
    throw UsageError("mixmim completion: expected one shell: bash, zsh or fish");
  return kDone;
}

}  // namespace

Verb completionVerb() {
  return {"completion", "completion for bash, zsh and fish", commandLine, run};
}

}  // namespace cv::mixmim
