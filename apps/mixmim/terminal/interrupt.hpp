// Ctrl-C and SIGTERM end a run cleanly: the step in work finishes, a checkpoint is written. A second signal
// ends at once. SIGUSR1 asks for a checkpoint and nothing else.
#pragma once

#include <cstdint>

namespace cv::mixmim {

/// Catches SIGUSR1 from now on, because uncaught it would end the process.
void catchCheckpointRequests();

/// Catches SIGINT and SIGTERM from now on. Call once, from a verb that can stop cleanly.
void catchInterrupts();

/// The signal that came, or 0.
int interruptSignal();

/// 128 + signal: what a shell shows for a program ended by it.
inline int interruptExitCode() {
  return 128 + interruptSignal();
}

/// Requests made by signals, as bits.
enum Request : uint32_t { kInterrupt = 1, kTerminate = 2, kCheckpoint = 4 };

/// Requests so far. A checkpoint is asked for once: the next call does not repeat it.
uint32_t takeRequests();

/// interruptExitCode() for requests that may have come to another process.
int exitCodeOf(uint32_t requests);

}  // namespace cv::mixmim
