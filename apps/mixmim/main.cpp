// mixmim: pretraining, fine-tuning, export and deployment of MixMIM models. One file per verb.
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {
namespace {

int run(const Arguments& arguments) {
  if (arguments.empty()) {
    std::cerr << usageText();
    return kWrongUsage;
  }
  if (arguments == Arguments{"--version"}) {
    std::cout << versionText();
    return kDone;
  }
  const bool asksForHelp = arguments.front() == "-h" || arguments.front() == "--help";
  const Verb& verb = verbNamed(asksForHelp ? "help" : arguments.front());
  const Arguments rest(arguments.begin() + 1, arguments.end());
  CommandLine line = verb.commandLine(rest);
  return line.parse(rest) ? verb.run(line) : kDone;
}

/// Keeps freed memory in the process, because a training step frees and allocates the same large blocks again
/// and again. Giving them back to the system, which clears every page anew, costs more than a small model's
/// arithmetic.
void keepFreedMemory() {
  constexpr int kNever = -1, kGrowBy = 64 << 20;
  mallopt(M_MMAP_MAX, 0);  // and not M_MMAP_THRESHOLD, which glibc ignores above 32 MB
  mallopt(M_TRIM_THRESHOLD, kNever);
  mallopt(M_TOP_PAD, kGrowBy);
}

/// Makes the OpenMP threads of LibTorch spin only briefly when they wait for each other, because beside
/// another busy process the thread waited for may not be running, and a step takes ten times as long. OpenMP
/// reads this when the plugin is loaded.
void spinBriefly() {
  if (!std::getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
}

/// Makes a write that fails (a closed pipe, a file grown to its limit) an error and not the end of the
/// process. Closed standard streams are opened, because their descriptors would otherwise go to the next
/// files we open, which would then receive our messages.
void surviveFailedWrites() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", O_RDWR);
}

/// Whether nobody reads standard output any more, as in `mixmim ... | head`, which is no error to report.
bool readerHasLeft() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

/// The exit code, except that kDone becomes kFailed when standard output could not be written.
int withOutput(int exitCode) {
  if (std::cout.flush()) return exitCode;
  if (!readerHasLeft()) std::cerr << "mixmim: error: standard output cannot be written\n";
  return exitCode == kDone ? kFailed : exitCode;
}

}  // namespace
}  // namespace cv::mixmim

int main(int argc, char** argv) {
  using namespace cv::mixmim;
  surviveFailedWrites();
  keepFreedMemory();
  spinBriefly();
  try {
    return withOutput(run({argv + 1, argv + argc}));
  } catch (const UsageError& e) {
    std::cerr << "mixmim: error: " << e.what() << '\n';
    return kWrongUsage;
  } catch (const std::exception& e) {
    std::cerr << "mixmim: error: " << e.what() << '\n';
    return kFailed;
  } catch (...) {
    std::cerr << "mixmim: error: something that is no exception was thrown\n";
    return kFailed;
  }
}
