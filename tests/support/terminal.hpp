// Running the built program in a terminal of a given width.
#pragma once

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace cv::mixmim::test {

/// All that `mixmim <arguments>`, run in `folder`, writes to a terminal of `columns`; `environment` stands
/// before the command. The exit code goes to `exitCode`.
inline std::string inTerminal(const std::filesystem::path& folder, const std::string& arguments,
                              unsigned short columns, const std::string& environment, int& exitCode) {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = columns;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    const std::string command =
        "cd '" + folder.string() + "' && " + environment + " exec " MIXMIM_PROGRAM " " + arguments;
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  if (child < 0) throw std::system_error(errno, std::generic_category(), "no terminal can be made");
  std::string output;
  char buffer[4096];
  for (ssize_t count; (count = ::read(terminal, buffer, sizeof buffer)) > 0;)
    output.append(buffer, static_cast<size_t>(count));
  int status = 0;
  waitpid(child, &status, 0);
  ::close(terminal);
  exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

}  // namespace cv::mixmim::test
