#include "terminal/interrupt.hpp"

#include <unistd.h>

#include <csignal>

namespace cv::mixmim {

namespace {

volatile std::sig_atomic_t received = 0, checkpointWanted = 0;

void onSignal(int signal) {
  if (received != 0) _exit(128 + signal);
  received = signal;
}

void onCheckpointSignal(int) {
  checkpointWanted = 1;
}

}  // namespace

void catchInterrupts() {
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void catchCheckpointRequests() {
  struct sigaction action {};
  action.sa_handler = onCheckpointSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
}

int interruptSignal() {
  return received;
}

uint32_t takeRequests() {
  uint32_t requests = 0;
  if (received != 0) requests |= received == SIGINT ? kInterrupt : kTerminate;
  if (checkpointWanted != 0) requests |= kCheckpoint;
  checkpointWanted = 0;
  return requests;
}

int exitCodeOf(uint32_t requests) {
  return 128 + ((requests & kTerminate) != 0 ? SIGTERM : SIGINT);
}

}  // namespace cv::mixmim
