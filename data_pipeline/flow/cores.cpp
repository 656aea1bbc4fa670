#include "data_pipeline/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

namespace cv::mixmim {

namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// "max 100000" or "150000 100000": microseconds granted per period.
double parseQuota(const std::string& text) {
  std::istringstream words(text);
  double quota = 0, period = 0;
  if (!(words >> quota >> period) || quota <= 0 || period <= 0) return kUnlimited;
  return quota / period;
}

std::string firstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

double quotaOf(const std::string& folder) {
  const double current = parseQuota(firstLine(folder + "/cpu.max"));
  const double old =
      parseQuota(firstLine(folder + "/cpu.cfs_quota_us") + " " + firstLine(folder + "/cpu.cfs_period_us"));
  return std::min(current, old);
}

/// The tightest quota of a group and the groups above it, up to `mount`.
double tightestQuota(const std::string& mount, std::string group) {
  double cores = quotaOf(mount);
  for (; !group.empty(); group.erase(group.rfind('/'))) {
    cores = std::min(cores, quotaOf(mount + group));
    if (group.find('/') == std::string::npos) break;
  }
  return cores;
}

int affinityCores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
  return static_cast<int>(std::thread::hardware_concurrency());  // more CPUs than the mask has bits
}

}  // namespace

double cgroupCores(const std::string& root) {
  double cores = kUnlimited;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // id:controllers:/group
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,")
      cores = std::min(cores, tightestQuota(root + "/sys/fs/cgroup", group));
    else if (controllers.find(",cpu,") != std::string::npos)
      cores = std::min(cores, tightestQuota(root + "/sys/fs/cgroup/cpu", group));
  }
  return cores;
}

int availableCores() {
  const double quota = cgroupCores();
  const int cores = affinityCores();
  return std::max(1, quota < cores ? static_cast<int>(std::ceil(quota)) : cores);
}

int workerCount(int requested) {
  return requested > 0 ? requested : availableCores();
}

}  // namespace cv::mixmim
