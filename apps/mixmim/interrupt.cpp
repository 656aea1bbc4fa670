#include "apps/mixmim/interrupt.hpp"

#include <unistd.h>

#include <csignal>

namespace cv::mixmim {

namespace {

volatile std::sig_atomic_t received = 0;

void onSignal(int signal) {
  if (received != 0) _exit(128 + signal);
  received = signal;
}

}  // namespace

void catchInterrupts() {
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interruptSignal() {
  return received;
}

}  // namespace cv::mixmim
