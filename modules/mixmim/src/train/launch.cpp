#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

namespace {

constexpr int kMostProcesses = 1 << 20, kLastPort = 65535;

/// Environment variables, with errors that name them.
class Environment {
 public:
  Environment(const Variables& variables, std::string launcher)
      : variables_(variables), launcher_(std::move(launcher)) {}

  bool has(const std::string& name) const { return !text(name).empty(); }
  std::string text(const std::string& name) const { return variables_(name).value_or(""); }

  std::string required(const std::string& name) const {
    if (!has(name))
      throw Error(name, fmt::format("is not set, though {} started this process", launcher_),
                  "start all processes of a run in the same way");
    return text(name);
  }

  int number(const std::string& name, int min, int max) const {
    const std::string value = required(name);
    int number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < min || number > max)
      throw Error(name, fmt::format("expected a whole number from {} to {}, got '{}'", min, max, value));
    return number;
  }
  int number(const std::string& name, int min, int max, int fallback) const {
    return has(name) ? number(name, min, max) : fallback;
  }

  Launch ranks(const char* rank, const char* size, const char* localRank) const {
    Launch launch;
    launch.launcher = launcher_;
    launch.size = number(size, 1, kMostProcesses);
    launch.rank = number(rank, 0, launch.size - 1);
    launch.localRank = number(localRank, 0, launch.size - 1);
    return launch;
  }

 private:
  const Variables& variables_;
  std::string launcher_;
};

/// The first of "node[007-012,020],other": "node007".
std::string firstHost(const std::string& list) {
  const size_t bracket = list.find('['), comma = list.find(',');
  if (bracket == std::string::npos || comma < bracket) return list.substr(0, comma);
  return list.substr(0, bracket) + list.substr(bracket + 1, list.find_first_of("-,]", bracket) - bracket - 1);
}

Launch ofTorchrun(const Variables& variables) {
  const Environment environment(variables, "torchrun");
  Launch launch = environment.ranks("RANK", "WORLD_SIZE", "LOCAL_RANK");
  launch.sharing =
      environment.number("LOCAL_WORLD_SIZE", launch.localRank + 1, launch.size, launch.localRank + 1);
  launch.host = environment.required("MASTER_ADDR");
  launch.port = environment.number("MASTER_PORT", 1, kLastPort);
  launch.socket = environment.number("MIXMIM_STORE_SOCKET", 0, kMostProcesses, -1);
  launch.served = environment.text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  launch.run = environment.text("TORCHELASTIC_RUN_ID") + "/" + environment.text("TORCHELASTIC_RESTART_COUNT");
  if (launch.socket >= 0) launch.launcher = "mixmim";
  return launch;
}

/// The processes of a batch script that srun has not started know how many tasks were asked for, but are
/// none.
bool isTaskOfSlurm(const Environment& environment) {
  const bool ofScript = environment.has("SLURM_JOB_ID") && !environment.has("SLURM_STEP_ID");
  return environment.has("SLURM_PROCID") && environment.has("SLURM_NTASKS") && !ofScript;
}

Launch ofSlurm(const Variables& variables) {
  constexpr int kFirstPort = 20000, kPorts = 20000;
  const Environment environment(variables, "Slurm");
  Launch launch =
      environment.ranks("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID");  // a task has its own cores
  for (const char* name :
       {"MASTER_ADDR", "SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_LAUNCH_NODE_IPADDR"})
    if (launch.host.empty()) launch.host = firstHost(environment.text(name));
  if (launch.host.empty()) environment.required("SLURM_STEP_NODELIST");
  const std::string job = environment.text("SLURM_JOB_ID"), step = environment.text("SLURM_STEP_ID");
  const int number = environment.number("SLURM_JOB_ID", 0, INT32_MAX, 0) % kPorts;
  launch.port = environment.number("MASTER_PORT", 1, kLastPort, kFirstPort + number);
  launch.run = fmt::format("slurm {}.{}/{}", job, step, environment.text("SLURM_RESTART_COUNT"));
  return launch;
}

Launch ofOpenMpi(const Variables& variables) {
  constexpr int kUsualPort = 29500;
  const Environment environment(variables, "Open MPI");
  Launch launch =
      environment.ranks("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK");
  launch.sharing = environment.number("OMPI_COMM_WORLD_LOCAL_SIZE", launch.localRank + 1, launch.size);
  const bool oneMachine = launch.sharing == launch.size;
  launch.host =
      oneMachine && !environment.has("MASTER_ADDR") ? "127.0.0.1" : environment.required("MASTER_ADDR");
  launch.port = environment.number("MASTER_PORT", 1, kLastPort, kUsualPort);
  launch.run = "openmpi " + environment.text("OMPI_MCA_ess_base_jobid");
  return launch;
}

}  // namespace

Launch launchOf(const Variables& variables) {
  const Environment environment(variables, "");
  if (environment.has("RANK") && environment.has("WORLD_SIZE")) return ofTorchrun(variables);
  if (isTaskOfSlurm(environment)) return ofSlurm(variables);
  if (environment.has("OMPI_COMM_WORLD_RANK")) return ofOpenMpi(variables);
  return {};
}

Launch launchOfThisProcess() {
  return launchOf([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (!value) return std::nullopt;
    return value;
  });
}

}  // namespace cv::mixmim
