// Signals of the host, kept off a thread that computes.
#pragma once

#include <csignal>
#include <initializer_list>

namespace cv::mixmim {

/// A signal guard. While it lives, no signal handler runs on the calling thread, nor on threads started
/// meanwhile: signals go to another thread or wait. The reason is that matrix products of oneDNN, alone or
/// inside LibTorch, point the stack into a buffer on the heap (jit_avx512_common_gemm_f32 and its AVX2 twin),
/// where a handler's frame would overwrite the memory in front of it. Faults of the program itself (SIGSEGV
/// and its like) stay as they are. Costs two system calls.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
      sigdelset(&all, fault);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsHeldBack() { end(); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

  /// Ends the guard early, in a process made by fork() that goes on as another program.
  void end() const { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace cv::mixmim
