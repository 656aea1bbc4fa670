// Ctrl-C and SIGTERM end a run cleanly: the step in work finishes, a checkpoint is written. A second signal
// ends at once.
#pragma once

namespace cv::mixmim {

/// Catches SIGINT and SIGTERM from now on. Call once, from a verb that can stop cleanly.
void catchInterrupts();

/// The signal that came, or 0.
int interruptSignal();

/// 128 + signal: what a shell shows for a program ended by it.
inline int interruptExitCode() {
  return 128 + interruptSignal();
}

}  // namespace cv::mixmim
