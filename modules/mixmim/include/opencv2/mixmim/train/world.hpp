// Several processes that train one model together: which of them this is, and what they exchange.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Which of the processes of a run this is, and where they meet.
struct Launch {
  int rank = 0;          ///< among all processes, from 0
  int size = 1;          ///< how many those are
  int localRank = 0;     ///< among those on this machine
  int sharing = 1;       ///< how many processes share the cores that this one may use
  std::string launcher;  ///< "torchrun", "Slurm", "Open MPI" or "mixmim"; "" = one process alone
  std::string host;      ///< of the rendezvous: the machine of rank 0
  int port = 0;          ///< of the rendezvous
  int socket = -1;       ///< rank 0: a socket that listens there already; -1 = none
  bool served = false;   ///< the launcher keeps the rendezvous; otherwise rank 0 does
  std::string run;       ///< tells apart runs, and restarts of a run, at the same rendezvous
};

/// The value of an environment variable, if it is set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// The first of these that is there: torchrun's variables (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR,
/// MASTER_PORT), a task of Slurm's srun (SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID), Open MPI's
/// (OMPI_COMM_WORLD_*), else one process alone. MASTER_ADDR and MASTER_PORT win everywhere. Throws Error
/// naming a variable that is missing or senseless.
CV_EXPORTS Launch launchOf(const Variables& variables);

/// The same for the environment of this process.
CV_EXPORTS Launch launchOfThisProcess();

/// The messages that the processes of a run exchange besides gradients. Every function but fail() is called
/// by all of them, in the same order, from one thread. Errors: Error that names the process that is gone, and
/// why if that is known.
class CV_EXPORTS World {
 public:
  /// The cost of summing gradients so far, in seconds of this process.
  struct Traffic {
    double communicating = 0;  ///< in all
    double waited = 0;         ///< the part of it with nothing else to do
    int64_t bytes = 0;         ///< of gradients
  };

  virtual ~World() = default;
  virtual int rank() const = 0;  ///< of this process, from 0
  virtual int size() const = 0;  ///< processes

  /// Bits that any process has set. Returns at once; the answer comes while other work goes on.
  virtual std::future<uint32_t> agree(uint32_t bits) = 0;
  /// Adds up over all processes, in no particular order; the same bits everywhere.
  virtual void sum(std::vector<double>& values) = 0;
  /// The bytes of rank 0 for everybody, in place; continuous, of the same size everywhere.
  virtual void broadcast(cv::Mat& bytes) = 0;
  /// The texts of all processes, by rank.
  virtual std::vector<std::string> gather(const std::string& text) = 0;
  /// The cost so far.
  virtual Traffic traffic() const = 0;
  /// A sentence for people where gradients travel slower than they could, and why; else "".
  virtual std::string notice() const { return {}; }

  /// Tells the others that this process ends, and why. From any thread, any number of times.
  virtual void fail(const std::string& reason) noexcept = 0;
  /// Ends without an error: waits for all. Nothing may be exchanged afterwards.
  virtual void leave() = 0;
};

/// A World of one process, which gets its own values back.
CV_EXPORTS std::shared_ptr<World> aloneInTheWorld();

}  // namespace cv::mixmim
