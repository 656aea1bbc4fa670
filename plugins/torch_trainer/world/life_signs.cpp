#include "world/life_signs.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace cv::mixmim {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

std::string inSeconds(Seconds time) {
  return std::to_string(static_cast<int>(time.count() + 0.5)) + " s";
}

}  // namespace

struct LifeSigns::State {
  State(std::shared_ptr<Board> place, Options given, std::function<void(const std::string&)> callback)
      : board(std::move(place)), options(std::move(given)), onLoss(std::move(callback)) {
    const int size = static_cast<int>(options.names.size());
    for (int rank = 0; rank < size; ++rank)
      if (rank != options.rank && (rank == 0 || options.rank == 0))
        watched.push_back({rank, "", Clock::now()});
  }

  struct Watched {
    int rank;
    std::string sign;
    Clock::time_point seen;  ///< when the sign was new
  };

  /// Writes a sign, reads those of others.
  void talk() {
    std::vector<std::string> keys{kFailureKey};
    for (const Watched& other : watched) keys.push_back(signKey(other.rank));
    for (int64_t count = 1;; ++count) {
      std::string toSay;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        if (ended) return;
        toSay = reason;
      }
      try {
        board->write(signKey(options.rank), std::to_string(count));
        if (!toSay.empty()) board->writeFirst(kFailureKey, toSay);
        take(board->read(keys), toSay);
      } catch (const std::exception& e) {
        lose(options.keeper + ", which keeps the meeting place, cannot be reached any more: " + e.what());
        return;
      }
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait_for(lock, options.period, [&] { return ended || reason != said; });
    }
  }

  void take(const std::vector<std::string>& texts, const std::string& toldOthers) {
    std::unique_lock<std::mutex> lock(mutex);
    answered = Clock::now();
    said = toldOthers;
    changed.notify_all();
    for (size_t i = 0; i < watched.size(); ++i)
      if (std::exchange(watched[i].sign, texts[i + 1]) != texts[i + 1]) watched[i].seen = answered;
    lock.unlock();
    if (!texts[0].empty()) lose(texts[0]);
  }

  /// Counts the seconds. A process that was frozen itself does not blame the others.
  void watch() {
    Clock::time_point last = Clock::now();
    std::unique_lock<std::mutex> lock(mutex);
    while (!ended && !lost) {
      changed.wait_for(lock, options.period / 2);
      const Clock::time_point now = Clock::now();
      if (now - last > options.patience / 2) {
        answered = now;
        for (Watched& other : watched) other.seen = now;
      }
      last = now;
      const std::string trouble = findTrouble(now);
      if (trouble.empty()) continue;
      lock.unlock();
      lose(trouble);
      lock.lock();
    }
  }

  std::string findTrouble(Clock::time_point now) const {
    if (now - answered > options.patience)
      return options.keeper + ", which keeps the meeting place, has not answered for " +
             inSeconds(now - answered);
    for (const Watched& other : watched)
      if (now - other.seen > options.patience)
        return options.names[static_cast<size_t>(other.rank)] + " has given no sign of life for " +
               inSeconds(now - other.seen);
    return {};
  }

  void lose(const std::string& why) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (ended || leaving || lost) return;
      lost = true;
      if (reason.empty()) reason = why;
    }
    changed.notify_all();
    onLoss(why);
  }

  const std::shared_ptr<Board> board;
  const Options options;
  const std::function<void(const std::string&)> onLoss;

  std::mutex mutex;
  std::condition_variable changed;
  int threads = 2;
  bool ended = false, leaving = false, lost = false;
  std::string reason, said;  ///< why this process ends; what of it the others can read
  std::vector<Watched> watched;
  Clock::time_point answered = Clock::now();
};

LifeSigns::LifeSigns(std::shared_ptr<Board> board, Options options,
                     std::function<void(const std::string&)> onLoss)
    : state_(std::make_shared<State>(std::move(board), std::move(options), std::move(onLoss))) {
  const auto start = [state = state_](void (State::*work)()) {
    std::thread([state, work] {
      (state.get()->*work)();
      const std::lock_guard<std::mutex> lock(state->mutex);
      --state->threads;
      state->changed.notify_all();
    }).detach();
  };
  start(&State::talk);
  start(&State::watch);
}

LifeSigns::~LifeSigns() {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->ended = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, state_->options.period, [this] { return state_->threads == 0; });
}

void LifeSigns::fail(const std::string& reason) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->lost = true;  // whatever comes now has been caused by this
  if (state_->reason.empty()) state_->reason = reason;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, 3 * state_->options.period,
                           [this] { return state_->said == state_->reason; });
}

void LifeSigns::leave() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->leaving = true;
}

}  // namespace cv::mixmim
