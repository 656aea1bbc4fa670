// The processes of a run, connected.
#include "world/torch_world.hpp"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <optional>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "compute/device.hpp"
#include "compute/torch_errors.hpp"
#include "opencv2/mixmim/error.hpp"
#include "world/collectives.hpp"
#include "world/host_sums.hpp"
#include "world/life_signs.hpp"
#include "world/meeting.hpp"
#include "world/nccl_library.hpp"
#include "world/serial_jobs.hpp"

namespace cv::mixmim {

namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds kGrace{10};  // for a process to end by itself after another was lost

class ConnectedWorld final : public TorchWorld {
 public:
  ConnectedWorld(const Launch& launch, at::Device device, double patience)
      : launch_(launch), patience_(patience) {
    const bool keeper = launch.rank == 0 && !launch.served;
    store_ = openStore(launch, keeper);
    const std::vector<std::string> names = meet(*store_, launch);
    LifeSigns::Options options;
    options.rank = launch.rank;
    options.names = names;
    options.keeper = launch.served ? "the launcher" : names.front();
    options.patience = std::chrono::duration<double>(patience);
    if (options.patience < 4 * options.period) options.period = options.patience / 4;
    lifeSigns_ = std::make_unique<LifeSigns>(boardOf(openStore(launch, /*serve=*/false)), options,
                                             [this](const std::string& why) { lose(why); });
    collectives_ = std::make_shared<Collectives>(store_, launch);
    if (!device.is_cpu()) connectGpus(device);
  }

  /// Deletes the world, except where this process has not left in order. An exchange may then never end, so
  /// its memory stays and nobody waits for it.
  static void release(ConnectedWorld* world) {
    if (world->left_)
      delete world;
    else
      world->jobs_.abandon(std::make_exception_ptr(Error("this process ends before the others")));
  }

  int rank() const override { return launch_.rank; }
  int size() const override { return launch_.size; }

  std::future<uint32_t> agree(uint32_t bits) override {
    const auto answer = std::make_shared<uint32_t>(bits);
    const std::shared_future<void> done = add([this, answer] {
      const at::Tensor all = collectives_->gather(at::scalar_tensor(int64_t{*answer}, at::kLong).view({1}));
      for (int64_t i = 0; i < all.size(0); ++i) *answer |= static_cast<uint32_t>(all.data_ptr<int64_t>()[i]);
    });
    return std::async(std::launch::deferred, [done, answer] {
      done.get();
      return *answer;
    });
  }

  void sum(std::vector<double>& values) override {
    const auto count = static_cast<int64_t>(values.size());
    const at::Tensor own = at::from_blob(values.data(), {count}, at::kDouble).clone();
    finish([this, own] { collectives_->reduce(own); });
    std::copy_n(own.data_ptr<double>(), count, values.begin());
  }

  void broadcast(cv::Mat& bytes) override {
    const auto size = static_cast<int64_t>(bytes.total() * bytes.elemSize());
    if (size > 0)
      finish([this, size, bytes] { collectives_->broadcast(at::from_blob(bytes.data, {size}, at::kByte)); });
  }

  std::vector<std::string> gather(const std::string& text) override { return gatherTexts(text); }

  std::unique_ptr<Pending> addUp(const at::Tensor& flat) override {
    bytes_ += static_cast<int64_t>(flat.nbytes());
    if (nccl_) return nccl_->addUp(flat);
    if (hostSums_) {
      const std::shared_ptr<Pending> sum = hostSums_->addUp(flat);
      return std::make_unique<Waiting>(*this, [sum] { sum->wait(); });
    }
    const std::shared_future<void> done = add([this, flat] { addUpOnHost(flat); });
    return std::make_unique<Waiting>(*this, [done] { done.get(); });
  }

  std::string notice() const override { return notice_; }

  Traffic traffic() const override {
    const auto inSeconds = [](int64_t ticks) {
      return std::chrono::duration<double>(Clock::duration(ticks)).count();
    };
    return {inSeconds(communicating_), inSeconds(waited_), bytes_};
  }

  void fail(const std::string& reason) noexcept override {
    try {
      lifeSigns_->fail(nameOf(rank(), size()) + " failed: " + reason);
      // The board ends with this process, so it waits until the others have looked, once in a period.
      if (rank() == 0 && !launch_.served) std::this_thread::sleep_for(seconds(2));
    } catch (...) {  // the others will find out
    }
  }

  void leave() override {
    constexpr seconds kGoodbye{10};
    gather("");
    lifeSigns_->leave();
    const auto key = [](int other) { return "left/" + std::to_string(other); };
    try {
      if (rank() > 0) store_->set(key(rank()), std::string("1"));
      std::vector<std::string> others;
      for (int other = 1; other < size(); ++other) others.push_back(key(other));
      if (rank() == 0) store_->wait(others, kGoodbye);
    } catch (const std::exception&) {  // all have their results; one that hurries away does no harm
    }
    left_ = true;
  }

 private:
  std::vector<std::string> gatherTexts(const std::string& text) {
    const auto texts = std::make_shared<std::vector<std::string>>();
    finish([this, text, texts] {
      const auto length = static_cast<int64_t>(text.size());
      const at::Tensor lengths = collectives_->gather(at::scalar_tensor(length, at::kLong).view({1}));
      const at::Tensor padded = at::zeros({lengths.max().item<int64_t>() + 1}, at::kByte);
      std::copy(text.begin(), text.end(), padded.data_ptr<uint8_t>());
      const at::Tensor all = collectives_->gather(padded);
      for (int64_t rank = 0; rank < all.size(0); ++rank)
        texts->emplace_back(reinterpret_cast<const char*>(all[rank].data_ptr<uint8_t>()),
                            static_cast<size_t>(lengths.data_ptr<int64_t>()[rank]));
    });
    return *texts;
  }

  /// A sum of the hosts that is under way.
  class Waiting final : public Pending {
   public:
    Waiting(ConnectedWorld& world, std::function<void()> wait) : world_(world), wait_(std::move(wait)) {}
    void wait() override {
      const Clock::time_point start = Clock::now();
      wait_();
      world_.waited_ += (Clock::now() - start).count();
    }

   private:
    ConnectedWorld& world_;
    std::function<void()> wait_;
  };

  /// Chooses NCCL or the hosts. The choice is the same in all processes, because each sees the answers of
  /// all.
  void connectGpus(at::Device device) {
    const NcclLibrary library = findNccl();
    const std::string gpu = identityOf(device);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const std::vector<std::string> missing = gatherTexts(library.missing),
                                   gpus = gatherTexts(gpu.empty() ? host + ("/" + device.str()) : gpu);
    const std::string obstacle = obstacleToNccl(missing, gpus);
    if (obstacle.empty()) {
      nccl_ = openNccl(library, store_, launch_, device);
      return;
    }
    notice_ = "gradients of GPUs are added up on the hosts, which is slower: " + obstacle;
    hostSums_.emplace([device] { return queuesOf(device); },
                      [this](std::function<void()> job) { return add(std::move(job)); },
                      [this](const at::Tensor& home) { addUpOnHost(home); });
  }

  void addUpOnHost(const at::Tensor& flat) {
    const Clock::time_point start = Clock::now();
    collectives_->addUp(flat);
    communicating_ += (Clock::now() - start).count();
  }

  std::shared_future<void> add(std::function<void()> work) {
    return jobs_.add([this, work = std::move(work)] {
      try {
        work();
      } catch (const std::exception& e) {
        const std::string why = reasonOf(e), known = verdict();
        throw Error(nameOf(rank(), size()),
                    known.empty() ? "the connection to another process broke: " + why : known);
      }
    });
  }
  void finish(const std::function<void()>& work) { add(work).get(); }

  /// A broken connection says little; who is gone shows in the life signs, a little later.
  std::string verdict() {
    std::unique_lock<std::mutex> lock(mutex_);
    lost_.wait_for(lock, std::chrono::duration<double>(patience_ + 3), [this] { return !why_.empty(); });
    return why_;
  }

  void lose(const std::string& why) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      why_ = why;
    }
    lost_.notify_all();
    const std::string name = nameOf(rank(), size());
    jobs_.abandon(std::make_exception_ptr(Error(name, why)));
    std::thread([name, why] {  // the main thread may be waiting for a device
      std::this_thread::sleep_for(kGrace);
      const std::string message = "mixmim: error: " + name + ": " + why + "\n";
      (void)!::write(STDERR_FILENO, message.data(), message.size());
      _exit(EXIT_FAILURE);
    })
        .detach();
  }

  const Launch launch_;
  const double patience_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::shared_ptr<Collectives> collectives_;
  std::shared_ptr<NcclSums> nccl_;    // null on the CPU, and where hostSums_ are used
  std::optional<HostSums> hostSums_;  // empty on the CPU
  std::string notice_;
  std::atomic<int64_t> communicating_{0};  // in ticks of the clock
  int64_t waited_ = 0, bytes_ = 0;
  bool left_ = false;
  std::mutex mutex_;
  std::condition_variable lost_;
  std::string why_;  ///< another process was lost
  SerialJobs jobs_;
  std::unique_ptr<LifeSigns> lifeSigns_;  // last, because its threads use the rest
};

}  // namespace

std::shared_ptr<TorchWorld> connectProcesses(const Launch& launch, at::Device device, double patience) {
  return {new ConnectedWorld(launch, device, patience), ConnectedWorld::release};
}

}  // namespace cv::mixmim
