#include "world/life_signs.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "world/serial_jobs.hpp"

namespace cv::mixmim {
namespace {

using std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;

/// A board in this process that can be frozen or taken away.
class MemoryBoard final : public Board {
 public:
  void write(const std::string& key, const std::string& text) override {
    access();
    const std::lock_guard<std::mutex> lock(mutex_);
    texts_[key] = text;
  }
  void writeFirst(const std::string& key, const std::string& text) override {
    access();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (texts_[key].empty()) texts_[key] = text;
  }
  std::vector<std::string> read(const std::vector<std::string>& keys) override {
    access();
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::string> texts;
    for (const std::string& key : keys) texts.push_back(texts_.at(key));
    return texts;
  }
  std::atomic<bool> frozen{false}, gone{false};

 private:
  void access() const {
    while (frozen) std::this_thread::sleep_for(milliseconds(5));
    if (gone) throw std::runtime_error("connection reset");
  }
  std::mutex mutex_;
  std::map<std::string, std::string> texts_;
};

/// One process of a run: its life signs and what it was told.
class Member {
 public:
  Member(const std::shared_ptr<Board>& board, int rank, int size, Seconds patience) {
    LifeSigns::Options options;
    options.rank = rank;
    for (int other = 0; other < size; ++other) options.names.push_back("process " + std::to_string(other));
    options.keeper = "the launcher";
    options.patience = patience;
    options.period = milliseconds(20);
    signs = std::make_unique<LifeSigns>(board, options, [this](const std::string& why) {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++calls_;
      why_ = why;
      told_.notify_all();
    });
  }
  std::string loss(Seconds wait = Seconds(30)) {
    std::unique_lock<std::mutex> lock(mutex_);
    told_.wait_for(lock, wait, [this] { return calls_ > 0; });
    EXPECT_LE(calls_, 1);
    return why_;
  }
  std::unique_ptr<LifeSigns> signs;

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::string why_;
  int calls_ = 0;
};

class LifeSignsTest : public ::testing::Test {
 protected:
  LifeSignsTest() {
    board_->write(LifeSigns::kFailureKey, "");
    for (int rank = 0; rank < kSize; ++rank) board_->write(LifeSigns::signKey(rank), "0");
  }
  void startAll(Seconds patience) {
    for (int rank = 0; rank < kSize; ++rank)
      members_.push_back(std::make_unique<Member>(board_, rank, kSize, patience));
  }
  static constexpr int kSize = 3;
  std::shared_ptr<MemoryBoard> board_ = std::make_shared<MemoryBoard>();
  std::vector<std::unique_ptr<Member>> members_;
};

TEST_F(LifeSignsTest, AreQuietWhileAllLive) {
  startAll(Seconds(20));
  EXPECT_EQ(members_[0]->loss(milliseconds(300)), "");
  EXPECT_EQ(members_[1]->loss(milliseconds(1)), "");
}

TEST_F(LifeSignsTest, OneThatStopsIsNamedToAll) {
  startAll(Seconds(1.5));
  members_[2]->signs.reset();
  for (int rank = 0; rank < 2; ++rank)
    EXPECT_EQ(
        members_[static_cast<size_t>(rank)]->loss().rfind("process 2 has given no sign of life for ", 0), 0u)
        << rank;
}

TEST_F(LifeSignsTest, TheFirstOneThatStopsIsNamedByTheOthers) {
  startAll(Seconds(1.5));
  members_[0]->signs.reset();
  for (size_t rank = 1; rank < 3; ++rank)
    EXPECT_EQ(members_[rank]->loss().rfind("process 0 has given no sign of life for ", 0), 0u) << rank;
}

TEST_F(LifeSignsTest, AFailureIsReadByAllTheFirstOneOnly) {
  startAll(Seconds(20));
  members_[1]->signs->fail("process 1 failed: no disk");
  members_[2]->signs->fail("process 2 failed: because of process 1");
  EXPECT_EQ(members_[0]->loss(), "process 1 failed: no disk");
  EXPECT_EQ(members_[1]->loss(milliseconds(200)), "");  // knows it already
}

TEST_F(LifeSignsTest, ABoardThatHangsOrIsGoneIsNoticed) {
  startAll(Seconds(1));
  board_->frozen = true;
  EXPECT_EQ(
      members_[1]->loss().rfind("the launcher, which keeps the meeting place, has not answered for ", 0), 0u)
      << members_[1]->loss();
  board_->frozen = false;
  const auto other = std::make_shared<MemoryBoard>();
  other->write(LifeSigns::kFailureKey, "");
  for (int rank = 0; rank < 2; ++rank) other->write(LifeSigns::signKey(rank), "0");
  Member member(other, 1, 2, Seconds(20));
  other->gone = true;
  EXPECT_EQ(member.loss(),
            "the launcher, which keeps the meeting place, cannot be reached any more: connection reset");
}

TEST_F(LifeSignsTest, AfterLeavingNothingIsTrouble) {
  startAll(Seconds(20));
  members_[1]->signs->leave();
  board_->gone = true;
  EXPECT_NE(members_[0]->loss(), "");
  EXPECT_EQ(members_[1]->loss(milliseconds(200)), "");
}

TEST(SerialJobs, AreDoneInOrderAndReportTheirExceptions) {
  std::vector<int> done;
  std::vector<std::shared_future<void>> futures;
  {
    SerialJobs jobs;
    for (int i = 0; i < 20; ++i)
      futures.push_back(jobs.add([&done, i] {
        if (i == 7) throw std::runtime_error("seven");
        done.push_back(i);
      }));
  }
  EXPECT_EQ(done.size(), 19u);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  for (size_t i = 0; i < futures.size(); ++i)
    if (i == 7)
      EXPECT_THROW(futures[i].get(), std::runtime_error);
    else
      EXPECT_NO_THROW(futures[i].get());
}

TEST(SerialJobs, AbandonedOnesAnswerAtOnce) {
  const auto blocked = std::make_shared<std::atomic<bool>>(true);
  std::shared_future<void> stuck, waiting, late;
  {
    SerialJobs jobs;
    stuck = jobs.add([blocked] {
      while (*blocked) std::this_thread::sleep_for(milliseconds(1));
    });
    waiting = jobs.add([] { FAIL() << "must not run"; });
    jobs.abandon(std::make_exception_ptr(std::runtime_error("lost")));
    late = jobs.add([] { FAIL() << "must not run"; });
  }  // does not wait for the one that is stuck
  for (const auto& future : {stuck, waiting, late}) EXPECT_THROW(future.get(), std::runtime_error);
  *blocked = false;
}

}  // namespace
}  // namespace cv::mixmim
