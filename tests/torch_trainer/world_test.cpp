// Processes of a run, played by threads: who connects how, and what sums they get. MIXMIM_TEST_DEVICE=cuda
// lets the process that is alone use a GPU and NCCL.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "compute/device.hpp"
#include "tests/torch_trainer/fake_queues.hpp"
#include "world/collectives.hpp"
#include "world/host_sums.hpp"
#include "world/meeting.hpp"
#include "world/nccl_library.hpp"

namespace cv::mixmim {
namespace {

using Fault = FakeQueues::Fault;
using Queue = DeviceQueues::Queue;

/// A rendezvous at a free port of this machine.
Launch launchOf(int size) {
  Launch launch;
  launch.size = size;
  launch.host = "127.0.0.1";
  launch.run = "test";
  launch.socket = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(launch.socket, plain, length), 0);
  EXPECT_EQ(listen(launch.socket, 16), 0);
  EXPECT_EQ(getsockname(launch.socket, plain, &length), 0);
  launch.port = ntohs(address.sin_port);
  return launch;
}

TEST(World, OfOneProcessGetsItsOwnSums) {
  const char* named = std::getenv("MIXMIM_TEST_DEVICE");
  const at::Device device = openDevice(named ? named : "cpu");
  const std::shared_ptr<TorchWorld> world = connectProcesses(launchOf(1), device, 20);
  EXPECT_EQ(world->notice(), "");
  const at::Tensor flat = at::arange(48, at::kFloat).to(device), wanted = flat.clone();
  world->addUp(flat)->wait();
  EXPECT_TRUE(flat.equal(wanted));
  EXPECT_EQ(world->gather("alone"), std::vector<std::string>{"alone"});
  EXPECT_EQ(world->traffic().bytes, 48 * 4);
  world->leave();
}

TEST(ObstacleToNccl, IsTheSameForAllProcesses) {
  using Texts = std::vector<std::string>;
  const struct {
    const char* name;
    Texts missing, gpus;
    const char* obstacle;
  } cases[] = {
      {"alone", {""}, {"a"}, ""},
      {"a GPU each", {"", "", ""}, {"a", "b", "c"}, ""},
      {"no library",
       {"", "nccl.so: no such file"},
       {"a", "b"},
       "process 1 has no NCCL: nccl.so: no such file"},
      {"a shared GPU", {"", "", ""}, {"a", "b", "a"}, "processes 0 and 2 share a GPU"},
  };
  for (const auto& c : cases) EXPECT_EQ(obstacleToNccl(c.missing, c.gpus), c.obstacle) << c.name;
}

/// Two processes with a device each, which computes summands late and reads sums as soon as it is allowed to.
class SharedSums {
 public:
  static constexpr int kSize = 2, kSteps = 4, kTensors = 3;
  static constexpr int64_t kNumbers = 32;

  explicit SharedSums(Fault fault) : fault_(fault), launch_(launchOf(kSize)) {}

  /// Numbers whose sum depends on the order of additions, by process, step and tensor.
  static float summand(int rank, int step, int tensor, int64_t i) {
    return (rank == 0 ? 1e7f : -0.7f) * static_cast<float>(i + 1) + static_cast<float>(step + 3 * tensor);
  }
  static float sum(int step, int tensor, int64_t i) {
    return summand(0, step, tensor, i) + summand(1, step, tensor, i);
  }

  /// How many numbers were wrong in both processes.
  int wrong(unsigned seed) {
    int counts[kSize] = {};
    std::thread other([&] { counts[1] = play(1, seed); });
    counts[0] = play(0, seed);
    other.join();
    return counts[0] + counts[1];
  }

 private:
  struct Bucket {
    std::vector<float> device = std::vector<float>(kNumbers), read = std::vector<float>(kNumbers);
    FakeQueues* queues = nullptr;
    std::unique_ptr<Pending> pending;
  };

  int play(int rank, unsigned seed) {
    Launch launch = launch_;
    launch.rank = rank;
    launch.run += std::to_string(seed);
    if (!stores_[rank]) stores_[rank] = openStore(launch, rank == 0);
    Collectives collectives(c10::intrusive_ptr<c10d::Store>(openStore(launch, false)), launch);
    std::vector<FakeQueues*> made;
    const auto make = [&] {
      auto queues = std::make_unique<FakeQueues>(seed + 17 * made.size(), fault_);
      made.push_back(queues.get());
      return queues;
    };
    // A job runs at once, or when somebody waits for it, as the seed says: the same in both processes.
    const auto post = [seed](std::function<void()> job) {
      std::shared_future<void> done = std::async(std::launch::deferred, std::move(job)).share();
      if (seed % 2) done.get();
      return done;
    };
    HostSums sums(make, post, [&](const at::Tensor& home) { collectives.addUp(home); });
    std::vector<Bucket> buckets(kTensors);
    int wrong = 0;
    for (int step = 0; step < kSteps; ++step) {
      for (int t = 0; t < kTensors; ++t) start(buckets[t], sums, made, rank, step, t);
      for (int t = 0; t < kTensors; ++t) finish(buckets[t]);
      for (FakeQueues* queues : made) queues->finish();
      for (int t = 0; t < kTensors; ++t)
        for (int64_t i = 0; i < kNumbers; ++i) wrong += buckets[t].read[i] != sum(step, t, i);
    }
    return wrong;
  }

  static void start(Bucket& bucket, HostSums& sums, const std::vector<FakeQueues*>& made, int rank, int step,
                    int tensor) {
    const auto compute = [&bucket, rank, step, tensor] {
      for (int64_t i = 0; i < kNumbers; ++i) bucket.device[i] = summand(rank, step, tensor, i);
    };
    const at::Tensor flat = at::from_blob(bucket.device.data(), {kNumbers}, at::kFloat);
    if (bucket.queues)
      bucket.queues->tell(Queue::kCompute, compute);
    else
      compute();  // the queues are made by the first sum
    bucket.pending = sums.addUp(flat);
    if (!bucket.queues) bucket.queues = made.back();
  }

  static void finish(Bucket& bucket) {
    bucket.pending->wait();
    bucket.queues->tell(Queue::kCompute, [&bucket] { bucket.read = bucket.device; });
  }

  Fault fault_;
  Launch launch_;
  c10::intrusive_ptr<c10d::Store> stores_[kSize];
};

TEST(HostSums, AreThoseOfOneProcessThatAddsInOrder) {
  SharedSums shared(Fault::kNone);
  for (unsigned seed = 0; seed < 8; ++seed) ASSERT_EQ(shared.wrong(seed), 0) << seed;
}

TEST(HostSums, EveryWaitIsNeeded) {
  for (const Fault fault : {Fault::kNoWait, Fault::kNoHostWaitForSummand}) {
    SharedSums shared(fault);
    int wrong = 0;
    for (unsigned seed = 0; seed < 8; ++seed) wrong += shared.wrong(seed);
    EXPECT_GT(wrong, 0) << static_cast<int>(fault);
  }
}

}  // namespace
}  // namespace cv::mixmim
