#include <gtest/gtest.h>

#include <map>

#include "opencv2/mixmim/train/world.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

using Environment = std::map<std::string, std::string>;

Launch launchIn(const Environment& environment) {
  return launchOf([&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
}

const Environment kTorchrun{{"RANK", "5"},
                            {"WORLD_SIZE", "8"},
                            {"LOCAL_RANK", "1"},
                            {"LOCAL_WORLD_SIZE", "4"},
                            {"MASTER_ADDR", "head"},
                            {"MASTER_PORT", "29400"},
                            {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                            {"TORCHELASTIC_RUN_ID", "job"},
                            {"TORCHELASTIC_RESTART_COUNT", "2"}};
const Environment kSlurm{{"SLURM_PROCID", "3"},
                         {"SLURM_NTASKS", "6"},
                         {"SLURM_LOCALID", "1"},
                         {"SLURM_JOB_ID", "40123"},
                         {"SLURM_STEP_ID", "0"},
                         {"SLURM_STEP_NODELIST", "gpu[007-009,020],other"},
                         {"SLURM_LAUNCH_NODE_IPADDR", "10.0.0.1"}};
const Environment kOpenMpi{{"OMPI_COMM_WORLD_RANK", "1"},
                           {"OMPI_COMM_WORLD_SIZE", "2"},
                           {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                           {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};

Environment with(Environment environment, const Environment& more) {
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

Environment without(Environment environment, const std::string& name) {
  environment.erase(name);
  return environment;
}

struct Case {
  const char* name;
  Environment environment;
  std::string launcher;
  int rank, size, localRank, sharing;
  std::string host;
  int port;
  bool served;
  std::string run;
};

TEST(Launch, IsReadFromTheEnvironment) {
  const Case cases[] = {
      {"nothing", {}, "", 0, 1, 0, 1, "", 0, false, ""},
      {"torchrun", kTorchrun, "torchrun", 5, 8, 1, 4, "head", 29400, true, "job/2"},
      {"torchrun without a store of its own", with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "False"}}),
       "torchrun", 5, 8, 1, 4, "head", 29400, false, "job/2"},
      {"torchrun inside a Slurm job", with(kSlurm, kTorchrun), "torchrun", 5, 8, 1, 4, "head", 29400, true,
       "job/2"},
      {"mixmim --nproc",
       with(without(without(without(kTorchrun, "TORCHELASTIC_USE_AGENT_STORE"), "TORCHELASTIC_RUN_ID"),
                    "TORCHELASTIC_RESTART_COUNT"),
            {{"MIXMIM_STORE_SOCKET", "7"}}),
       "mixmim", 5, 8, 1, 4, "head", 29400, false, "/"},
      {"Slurm", kSlurm, "Slurm", 3, 6, 1, 1, "gpu007", 20123, false, "slurm 40123.0/"},
      {"Slurm, one node", with(kSlurm, {{"SLURM_STEP_NODELIST", "node1"}}), "Slurm", 3, 6, 1, 1, "node1",
       20123, false, "slurm 40123.0/"},
      {"Slurm, two nodes by name", with(kSlurm, {{"SLURM_STEP_NODELIST", "alpha,beta[1-2]"}}), "Slurm", 3, 6,
       1, 1, "alpha", 20123, false, "slurm 40123.0/"},
      {"Slurm, nodes of the job only",
       with(without(kSlurm, "SLURM_STEP_NODELIST"), {{"SLURM_JOB_NODELIST", "n[3,5]"}}), "Slurm", 3, 6, 1, 1,
       "n3", 20123, false, "slurm 40123.0/"},
      {"Slurm, address only", without(kSlurm, "SLURM_STEP_NODELIST"), "Slurm", 3, 6, 1, 1, "10.0.0.1", 20123,
       false, "slurm 40123.0/"},
      {"Slurm, place given", with(kSlurm, {{"MASTER_ADDR", "there"}, {"MASTER_PORT", "1234"}}), "Slurm", 3, 6,
       1, 1, "there", 1234, false, "slurm 40123.0/"},
      {"Slurm, requeued", with(kSlurm, {{"SLURM_RESTART_COUNT", "1"}}), "Slurm", 3, 6, 1, 1, "gpu007", 20123,
       false, "slurm 40123.0/1"},
      {"the batch script of a Slurm job is no task", without(kSlurm, "SLURM_STEP_ID"), "", 0, 1, 0, 1, "", 0,
       false, ""},
      {"Open MPI on one machine", kOpenMpi, "Open MPI", 1, 2, 1, 2, "127.0.0.1", 29500, false, "openmpi "},
      {"Open MPI on several",
       with(kOpenMpi, {{"OMPI_COMM_WORLD_SIZE", "4"}, {"MASTER_ADDR", "head"}, {"MASTER_PORT", "1"}}),
       "Open MPI", 1, 4, 1, 2, "head", 1, false, "openmpi "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Launch launch = launchIn(c.environment);
    EXPECT_EQ(launch.launcher, c.launcher);
    EXPECT_EQ(launch.rank, c.rank);
    EXPECT_EQ(launch.size, c.size);
    EXPECT_EQ(launch.localRank, c.localRank);
    EXPECT_EQ(launch.sharing, c.sharing);
    EXPECT_EQ(launch.host, c.host);
    EXPECT_EQ(launch.port, c.port);
    EXPECT_EQ(launch.served, c.served);
    EXPECT_EQ(launch.run, c.run);
    EXPECT_EQ(launch.socket, c.launcher == "mixmim" ? 7 : -1);
  }
}

struct Fault {
  const char* name;
  Environment environment;
  const char* message;
};

TEST(Launch, NamesTheVariableThatIsMissingOrSenseless) {
  const Fault faults[] = {
      {"no address", without(kTorchrun, "MASTER_ADDR"),
       "MASTER_ADDR: is not set, though torchrun started this process; start all processes of a run in the "
       "same way"},
      {"no local rank", without(kTorchrun, "LOCAL_RANK"),
       "LOCAL_RANK: is not set, though torchrun started this process; start all processes of a run in the "
       "same way"},
      {"rank outside", with(kTorchrun, {{"RANK", "8"}}),
       "RANK: expected a whole number from 0 to 7, got '8'"},
      {"no number", with(kTorchrun, {{"WORLD_SIZE", "8x"}}),
       "WORLD_SIZE: expected a whole number from 1 to 1048576, got '8x'"},
      {"port", with(kTorchrun, {{"MASTER_PORT", "65536"}}),
       "MASTER_PORT: expected a whole number from 1 to 65535, got '65536'"},
      {"fewer here than this one", with(kTorchrun, {{"LOCAL_WORLD_SIZE", "1"}}),
       "LOCAL_WORLD_SIZE: expected a whole number from 2 to 8, got '1'"},
      {"Slurm without nodes", without(without(kSlurm, "SLURM_STEP_NODELIST"), "SLURM_LAUNCH_NODE_IPADDR"),
       "SLURM_STEP_NODELIST: is not set, though Slurm started this process; start all processes of a run in "
       "the same "
       "way"},
      {"Open MPI on several machines", with(kOpenMpi, {{"OMPI_COMM_WORLD_SIZE", "4"}}),
       "MASTER_ADDR: is not set, though Open MPI started this process; start all processes of a run in the "
       "same way"},
  };
  for (const Fault& fault : faults) {
    SCOPED_TRACE(fault.name);
    MIXMIM_EXPECT_ERROR(launchIn(fault.environment), fault.message);
  }
}

TEST(World, AloneAnswersItself) {
  const auto alone = aloneInTheWorld();
  EXPECT_EQ(alone->size(), 1);
  EXPECT_EQ(alone->agree(5).get(), 5u);
  EXPECT_EQ(alone->gather("text"), std::vector<std::string>{"text"});
  std::vector<double> values{1, 2};
  alone->sum(values);
  EXPECT_EQ(values, (std::vector<double>{1, 2}));
}

}  // namespace
}  // namespace cv::mixmim
