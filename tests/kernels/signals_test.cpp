#include "kernels/signals.hpp"

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

volatile std::sig_atomic_t handled = 0;

TEST(SignalsHeldBack, ArriveAfterwards) {
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { handled = handled + 1; };
  sigaction(SIGUSR2, &action, &before);
  {
    const SignalsHeldBack heldBack;
    pthread_kill(pthread_self(), SIGUSR2);
    EXPECT_EQ(handled, 0);
  }
  EXPECT_EQ(handled, 1);
  pthread_kill(pthread_self(), SIGUSR2);
  EXPECT_EQ(handled, 2);
  sigaction(SIGUSR2, &before, nullptr);
}

TEST(SignalsHeldBack, AreNotTheProgramsOwnFaults) {
  const SignalsHeldBack heldBack;
  sigset_t held;
  pthread_sigmask(SIG_SETMASK, nullptr, &held);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
    EXPECT_FALSE(sigismember(&held, fault)) << fault;
  for (const int other : {SIGINT, SIGTERM, SIGALRM, SIGCHLD}) EXPECT_TRUE(sigismember(&held, other)) << other;
}

}  // namespace
}  // namespace cv::mixmim
