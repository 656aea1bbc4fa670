#include "processes/launcher.hpp"

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

#include <fmt/format.h>

#include "kernels/signals.hpp"
#include "opencv2/mixmim/error.hpp"
#include "terminal/exit_codes.hpp"

namespace cv::mixmim {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPassedOn[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

volatile std::sig_atomic_t signals[64];  // how many of each came

void count(int signal) {
  signals[signal] = signals[signal] + 1;
}

/// The place where the processes will meet: nobody else can take the port in between.
struct MeetingPlace {
  int socket, port;
};

MeetingPlace openMeeting() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const int place = socket(AF_INET, SOCK_STREAM, 0);
  if (place < 0 || bind(place, any, length) != 0 || listen(place, SOMAXCONN) != 0 ||
      getsockname(place, any, &length) != 0)
    throw Error("--nproc",
                fmt::format("no port on this machine for its processes to meet: {}", std::strerror(errno)));
  return {place, ntohs(address.sin_port)};
}

/// In the new process.
[[noreturn]] void become(int rank, int size, const MeetingPlace& meeting, const Command& command,
                         const SignalsHeldBack& calm) {
  setpgid(0, 0);                     // Ctrl-C reaches the first process, which passes it on: once
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing is left behind
  const auto set = [](const char* name, const std::string& value) { setenv(name, value.c_str(), 1); };
  set("RANK", std::to_string(rank));
  set("LOCAL_RANK", std::to_string(rank));
  set("WORLD_SIZE", std::to_string(size));
  set("LOCAL_WORLD_SIZE", std::to_string(size));
  set("MASTER_ADDR", "127.0.0.1");
  set("MASTER_PORT", std::to_string(meeting.port));
  if (rank == 0)
    set("MIXMIM_STORE_SOCKET", std::to_string(meeting.socket));
  else
    close(meeting.socket);
  for (const int signal : kPassedOn)
    std::signal(signal, signal == SIGUSR1 ? SIG_IGN : SIG_DFL);  // until it is caught
  calm.end();
  std::vector<char*> words{const_cast<char*>("mixmim")};
  for (const std::string& argument : command.arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execv(command.program.c_str(), words.data());
  std::cerr << "mixmim: error: cannot start " << command.program << ": " << std::strerror(errno) << std::endl;
  _exit(kFailed);
}

/// How a process ended badly, as a sentence.
std::string troubleOf(const std::string& name, int status) {
  if (WIFSIGNALED(status))
    return fmt::format("{} was killed by signal {} ({})", name, WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  return fmt::format("{} ended with exit code {}", name, WEXITSTATUS(status));
}

class Processes {
 public:
  Processes(int count, const Command& command, std::chrono::milliseconds patience)
      : size_(count), patience_(patience) {
    const MeetingPlace meeting = openMeeting();
    std::cerr.flush();
    // A new process must not take a signal by the handler of this one, which would only count it there.
    const SignalsHeldBack calm;
    for (int rank = 0; rank < count; ++rank) {
      const pid_t id = fork();
      if (id == 0) become(rank, count, meeting, command, calm);
      if (id < 0) {
        kill(SIGKILL);
        throw Error("--nproc",
                    fmt::format("process {} of {} cannot be started: {}", rank, count, std::strerror(errno)));
      }
      running_.push_back({rank, id});
    }
    close(meeting.socket);
  }

  int wait() {
    int seen[std::size(kPassedOn)] = {};
    while (!running_.empty()) {
      for (size_t i = 0; i < std::size(kPassedOn); ++i)
        for (; seen[i] < signals[kPassedOn[i]]; ++seen[i]) kill(kPassedOn[i]);
      collect();
      if (Clock::now() > deadline_) killTheRest();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return exitCode_;
  }

 private:
  struct Process {
    int rank;
    pid_t id;
  };

  std::string nameOf(const Process& process) const {
    return fmt::format("process {} of {} ({})", process.rank, size_, process.id);
  }

  void kill(int signal) {
    for (const Process& process : running_) ::kill(process.id, signal);
  }

  /// Kills the processes that are left. They are stuck, because processes end together, even without a
  /// failure.
  void killTheRest() {
    if (!ending_) exitCode_ = kFailed;
    ending_ = true;
    for (const Process& process : running_)
      std::cerr << fmt::format("mixmim: error: {} did not end within {:g} s of another and is killed",
                               nameOf(process), std::chrono::duration<double>(patience_).count())
                << std::endl;
    kill(SIGKILL);
    deadline_ = Clock::time_point::max();
  }

  void collect() {
    for (size_t i = 0; i < running_.size();) {
      int status = 0;
      if (waitpid(running_[i].id, &status, WNOHANG) <= 0) {
        ++i;
        continue;
      }
      const Process ended = running_[i];
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      judge(ended, status);
    }
  }

  /// The first that ends badly is the cause; the others end because of it.
  void judge(const Process& ended, int status) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const bool causes = code != kDone && !ending_;
    if (causes || deadline_ == Clock::time_point::max()) deadline_ = Clock::now() + patience_;
    if (code == kDone || ending_) return;
    exitCode_ = code;
    ending_ = true;
    const bool interrupted = WIFEXITED(status) && code > 128;  // it has stopped cleanly, as all others do
    if (interrupted) return;
    exitCode_ = kFailed;
    std::cerr << "mixmim: error: " << troubleOf(nameOf(ended), status) << "; the others are ended"
              << std::endl;
    kill(SIGTERM);
    kill(SIGCONT);
  }

  int size_;
  std::chrono::milliseconds patience_;
  std::vector<Process> running_;
  bool ending_ = false;                                    ///< one has ended badly
  Clock::time_point deadline_ = Clock::time_point::max();  ///< for all, once the first has ended
  int exitCode_ = kDone;
};

}  // namespace

int runProcesses(int count, const Command& command, std::chrono::milliseconds patience) {
  struct sigaction action {};
  action.sa_handler = mixmim::count;
  for (const int signal : kPassedOn) sigaction(signal, &action, nullptr);
  return Processes(count, command, patience).wait();
}

}  // namespace cv::mixmim
