#include "processes/own_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kProgram = "/proc/self/exe";

[[noreturn]] void fail(int error) {
  throw Error("mixmim", fmt::format("cannot start itself again: {}", std::strerror(error)));
}

void closeOnce(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// Both ends are closed in other programs, except those that are passed on by a number of their own.
struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) fail(errno);
    for (int& end : ends)  // above the descriptors that the other process gets
      if (end <= kAnswerDescriptor) end = moved(end);
  }
  ~Pipe() {
    for (int& end : ends) closeOnce(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int takeReader() { return std::exchange(ends[0], -1); }
  int takeWriter() { return std::exchange(ends[1], -1); }

  static int moved(int end) {
    const int other = fcntl(end, F_DUPFD_CLOEXEC, kAnswerDescriptor + 1);
    if (other < 0) fail(errno);
    ::close(end);
    return other;
  }

  int ends[2] = {-1, -1};
};

/// Signals that are blocked in this thread are not blocked in the new process.
pid_t spawned(const std::vector<std::string>& arguments, const Pipe& request, const Pipe& answer) {
  std::vector<char*> words{const_cast<char*>("mixmim")};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, request.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, answer.ends[1], kAnswerDescriptor);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
  pid_t id = -1;
  const int error = posix_spawn(&id, kProgram, &files, &how, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  if (error != 0) fail(error);
  return id;
}

std::string readToTheEnd(int descriptor) {
  std::string all;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t done = ::read(descriptor, buffer, sizeof buffer);
    if (done > 0) all.append(buffer, static_cast<size_t>(done));
    if (done == 0 || (done < 0 && errno != EINTR)) return all;
  }
}

int waitFor(pid_t id) {
  int status = 0;
  while (waitpid(id, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string troubleOf(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  const int code = WEXITSTATUS(status);
  return code == 0 ? "" : fmt::format("ended with exit code {}", code);
}

}  // namespace

bool writeAll(int descriptor, const void* data, size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = ::write(descriptor, next, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    next += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

bool readAll(int descriptor, void* data, size_t size) {
  char* next = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t done = ::read(descriptor, next, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    next += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

OwnProcess::OwnProcess(const std::vector<std::string>& arguments) {
  Pipe request, answer;
  id_ = spawned(arguments, request, answer);
  request_ = request.takeWriter();
  answer_ = answer.takeReader();
}

OwnProcess::~OwnProcess() {
  if (id_ > 0) {
    kill(id_, SIGKILL);
    waitFor(id_);
  }
  closeOnce(request_);
  closeOnce(answer_);
}

bool OwnProcess::write(const void* data, size_t size) {
  return writeAll(request_, data, size);
}

OwnProcess::End OwnProcess::finish() {
  closeOnce(request_);
  End end;
  end.answer = readToTheEnd(answer_);
  end.trouble = troubleOf(waitFor(std::exchange(id_, -1)));
  return end;
}

}  // namespace cv::mixmim
