// A storm of signals, to test that their handlers do no harm to computations that run meanwhile.
#pragma once

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <csignal>

namespace cv::mixmim::test {

/// While it lives, SIGALRM comes to the calling thread every 0.2 ms, and the handler checks whether it runs
/// on that thread's stack.
class SignalStorm {
 public:
  SignalStorm() {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* lowest = nullptr;
    size_t size = 0;
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    first = static_cast<char*>(lowest);
    last = first + size;
    onStack = elsewhere = 0;
    struct sigaction action {};
    action.sa_handler = [](int) {
      char here = 0;
      volatile std::sig_atomic_t& count = &here >= first && &here < last ? onStack : elsewhere;
      count = count + 1;
    };
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, &before_);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGALRM;
    event._sigev_un._tid = gettid();
    timer_create(CLOCK_MONOTONIC, &event, &timer_);
    const itimerspec every{{0, 200'000}, {0, 200'000}};
    timer_settime(timer_, 0, &every, nullptr);
  }
  ~SignalStorm() {
    timer_delete(timer_);
    sigaction(SIGALRM, &before_, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;

  /// Signals handled so far on the thread's own stack.
  static int handled() { return onStack; }
  /// Signals handled on other memory, which belongs to somebody else.
  static int astray() { return elsewhere; }

 private:
  static inline char *first = nullptr, *last = nullptr;
  static inline volatile std::sig_atomic_t onStack = 0, elsewhere = 0;
  struct sigaction before_ {};
  timer_t timer_{};
};

}  // namespace cv::mixmim::test
