#include "world/meeting.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "compute/torch_errors.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr std::chrono::seconds kArrival{300};  // for all processes to be there

std::string placeOf(const Launch& launch) {
  return launch.host + ":" + std::to_string(launch.port);
}

class StoreBoard final : public Board {
 public:
  explicit StoreBoard(c10::intrusive_ptr<c10d::Store> store) : store_(std::move(store)) {}
  void write(const std::string& key, const std::string& text) override {
    told([&] { store_->set(key, text); });
  }
  void writeFirst(const std::string& key, const std::string& text) override {
    told([&] { store_->compareSet(key, "", text); });
  }
  std::vector<std::string> read(const std::vector<std::string>& keys) override {
    std::vector<std::string> texts;
    told([&] {
      for (const std::vector<uint8_t>& value : store_->multiGet(keys))
        texts.emplace_back(value.begin(), value.end());
    });
    return texts;
  }

 private:
  template <class Work>
  static void told(Work&& work) {
    try {
      work();
    } catch (const std::exception& e) {
      throw std::runtime_error(reasonOf(e));
    }
  }
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace

std::string nameOf(int rank, int size) {
  return "process " + std::to_string(rank) + " of " + std::to_string(size);
}

std::string addressTowards(const Launch& launch) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (getaddrinfo(launch.host.c_str(), std::to_string(launch.port).c_str(), &hints, &found) != 0 || !found)
    throw Error(placeOf(launch), "this host name is not known", "name the machine of rank 0 in MASTER_ADDR");
  char text[NI_MAXHOST] = "";
  const int probe = socket(found->ai_family, SOCK_DGRAM, 0);
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  auto* address = reinterpret_cast<sockaddr*>(&own);
  const bool known = probe >= 0 && ::connect(probe, found->ai_addr, found->ai_addrlen) == 0 &&
                     getsockname(probe, address, &length) == 0 &&
                     getnameinfo(address, length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0;
  if (probe >= 0) close(probe);
  freeaddrinfo(found);
  if (!known) throw Error(placeOf(launch), "this machine has no way there");
  return text;
}

c10::intrusive_ptr<c10d::Store> openStore(const Launch& launch, bool serve) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(launch.port);
  options.isServer = serve;
  options.waitWorkers = false;
  options.timeout = kArrival;
  if (serve && launch.socket >= 0) options.masterListenFd = launch.socket;
  const char* libuv = std::getenv("USE_LIBUV");
  options.useLibUV = !libuv || std::strcmp(libuv, "0") != 0;
  try {
    const auto store = c10::make_intrusive<c10d::TCPStore>(launch.host, options);
    return c10::make_intrusive<c10d::PrefixStore>("mixmim/" + launch.run, store);
  } catch (const std::exception& e) {
    throw Error(placeOf(launch),
                nameOf(launch.rank, launch.size) + " cannot " +
                    (serve ? "open the meeting place: " : "reach the meeting place: ") + reasonOf(e),
                "MASTER_ADDR and MASTER_PORT say where it is");
  }
}

std::shared_ptr<Board> boardOf(const c10::intrusive_ptr<c10d::Store>& store) {
  return std::make_shared<StoreBoard>(store);
}

std::vector<std::string> meet(c10d::Store& store, const Launch& launch) {
  const auto key = [](int rank) { return "name/" + std::to_string(rank); };
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  if (launch.rank == 0) store.set(LifeSigns::kFailureKey, std::string());
  store.set(LifeSigns::signKey(launch.rank), std::string("0"));
  store.set(key(launch.rank),
            nameOf(launch.rank, launch.size) + " (" + host + ", " + std::to_string(getpid()) + ")");
  std::vector<std::string> keys, names;
  for (int rank = 0; rank < launch.size; ++rank) keys.push_back(key(rank));
  try {
    store.wait(keys, kArrival);
  } catch (const std::exception& e) {
    std::string missing;
    for (int rank = 0; rank < launch.size; ++rank)
      if (!store.check({key(rank)})) missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
    throw Error(placeOf(launch),
                "of " + std::to_string(launch.size) + " processes, these did not come within " +
                    std::to_string(kArrival.count()) + " s: " + missing + " (" + reasonOf(e) + ")");
  }
  for (const std::string& one : keys) names.push_back(store.get_to_str(one));
  return names;
}

}  // namespace cv::mixmim
