#include "run/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr const char* kName = ".lock";

std::string reason() {
  return std::system_category().message(errno);
}

std::string ownName() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return fmt::format("process {} on {}", getpid(), host);
}

/// Throws the Error about the process that holds the lock file.
[[noreturn]] void refuse(const fs::path& folder, int lockFile) {
  char name[300];
  const ssize_t size = pread(lockFile, name, sizeof name, 0);
  close(lockFile);
  const std::string holder(name, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  throw Error(folder.string(),
              "a run is going on in this folder" + (holder.empty() ? "" : fmt::format(" ({})", holder)),
              "wait for it, or choose another --out");
}

/// True while the open file is the one of that name, false once its last holder has removed it.
bool isNamed(int descriptor, const fs::path& file) {
  struct stat opened {
  }, named{};
  return fstat(descriptor, &opened) == 0 && stat(file.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

void refuseSecondRun(const std::string& folder) {
  if (folder.empty()) return;
  const int file = open((fs::path(folder) / kName).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) refuse(folder, file);
  close(file);
}

RunLock::RunLock(const std::string& folder) : folder_(folder), file_(folder_ / kName) {
  makeFolder();
  while (!lock()) continue;
  if (!held()) return;
  const std::string name = ownName();
  // Without the name the lock is as good: what could not be written is no reason to stop.
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, name.data(), name.size(), 0) < 0) return;
}

RunLock::~RunLock() {
  if (held()) {
    unlink(file_.c_str());
    close(descriptor_);
  }
  for (const fs::path& folder : made_)
    if (rmdir(folder.c_str()) != 0) return;
}

void RunLock::makeFolder() {
  std::error_code error;
  const fs::path whole = fs::absolute(folder_ / "").lexically_normal().parent_path();
  for (fs::path folder = whole; !fs::exists(folder, error) && folder.has_relative_path();
       folder = folder.parent_path())
    made_.push_back(folder);
  fs::create_directories(folder_, error);
  if (error) throw Error(folder_.string(), fmt::format("cannot be created: {}", error.message()));
}

/// False: the file was removed by its holder in between, and another try is due.
bool RunLock::lock() {
  const int file = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) throw Error(file_.string(), "cannot be opened: " + reason());
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) refuse(folder_, file);
    std::cerr << fmt::format(
        "warning: {}: this file system has no locks ({}); a second run in this folder would not be noticed\n",
        folder_.string(), reason());
    unlink(file_.c_str());
    close(file);
    return true;
  }
  if (!isNamed(file, file_)) {
    close(file);
    return false;
  }
  descriptor_ = file;
  return true;
}

}  // namespace cv::mixmim
