// Processes that train together watch each other: one that is killed or frozen would leave the others waiting
// for minutes or for ever.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cv::mixmim {

/// A notice board that all processes of a run can reach. Functions may block, and throw where the board is
/// gone.
class Board {
 public:
  virtual ~Board() = default;
  virtual void write(const std::string& key, const std::string& text) = 0;
  /// Writes only where the key's text is "".
  virtual void writeFirst(const std::string& key, const std::string& text) = 0;
  /// The texts of keys, all of which have been written.
  virtual std::vector<std::string> read(const std::vector<std::string>& keys) = 0;
};

/// Every process writes a number that grows. Rank 0 watches all others, they watch rank 0: reading stays
/// cheap with many processes. Whoever ends in trouble writes why; the first reason stands, and all others
/// read it.
///
/// Threads: two of its own, one of which may be stuck in the board while the other goes on counting seconds.
class LifeSigns {
 public:
  struct Options {
    int rank = 0;
    std::vector<std::string> names;           ///< by rank: "process 1 of 4 (host, 4711)"
    std::string keeper;                       ///< who keeps the board, for a message
    std::chrono::duration<double> patience;   ///< without a sign of life somebody is lost
    std::chrono::duration<double> period{1};  ///< between two signs
  };

  /// Keys that must have been written before the first of these is made.
  static std::string signKey(int rank) { return "alive/" + std::to_string(rank); }
  static constexpr const char* kFailureKey = "failed";

  /// `onLoss` is called at most once, from one of the threads here, with the reason.
  LifeSigns(std::shared_ptr<Board> board, Options options, std::function<void(const std::string&)> onLoss);
  /// Ends the watch; does not wait for a board that does not answer.
  ~LifeSigns();
  LifeSigns(const LifeSigns&) = delete;
  LifeSigns& operator=(const LifeSigns&) = delete;

  /// This process ends because of `reason`: written for the others, for which this waits a little.
  void fail(const std::string& reason);
  /// This process has done its part: a board that disappears from now on is no trouble.
  void leave();

  struct State;  // shared with the threads

 private:
  std::shared_ptr<State> state_;
};

}  // namespace cv::mixmim
