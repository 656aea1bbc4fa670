// A disk with faults, for a program that is started with this library in LD_PRELOAD.
//   FAILING_IO="pread EIO train/dark/3"      reading any file whose path contains the last word
//   FAILING_IO="write ENOSPC /checkpoints/"  and so on; also fsync, flock and symlink
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr int kHere = -100;  // AT_FDCWD, whose header has a struct flock beside the function below

int numberOf(const char* code) {
  const std::string name = code;
  return name == "ENOSPC" ? ENOSPC : name == "EPERM" ? EPERM : name == "ENOLCK" ? ENOLCK : EIO;
}

bool fails(const char* operation, const std::string& path) {
  const char* fault = std::getenv("FAILING_IO");
  char wanted[16], code[16], part[256];
  if (!fault || std::sscanf(fault, "%15s %15s %255s", wanted, code, part) != 3) return false;
  if (std::strcmp(wanted, operation) != 0 || path.find(part) == std::string::npos) return false;
  errno = numberOf(code);
  return true;
}

bool fails(const char* operation, int descriptor) {
  char name[64], path[1024];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(name, path, sizeof path - 1);
  return length >= 0 && fails(operation, std::string(path, static_cast<size_t>(length)));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) ssize_t pread(int descriptor, void* to, size_t bytes, off_t offset) {
  return fails("pread", descriptor) ? -1 : syscall(SYS_pread64, descriptor, to, bytes, offset);
}

__attribute__((visibility("default"))) ssize_t pread64(int descriptor, void* to, size_t bytes,
                                                       off64_t offset) {
  return fails("pread", descriptor) ? -1 : syscall(SYS_pread64, descriptor, to, bytes, offset);
}

__attribute__((visibility("default"))) ssize_t write(int descriptor, const void* from, size_t bytes) {
  return fails("write", descriptor) ? -1 : syscall(SYS_write, descriptor, from, bytes);
}

__attribute__((visibility("default"))) int fsync(int descriptor) {
  return fails("fsync", descriptor) ? -1 : static_cast<int>(syscall(SYS_fsync, descriptor));
}

__attribute__((visibility("default"))) int flock(int descriptor, int operation) {
  return fails("flock", descriptor) ? -1 : static_cast<int>(syscall(SYS_flock, descriptor, operation));
}

__attribute__((visibility("default"))) int symlink(const char* target, const char* link) {
  return fails("symlink", std::string(link)) ? -1
                                             : static_cast<int>(syscall(SYS_symlinkat, target, kHere, link));
}
}
