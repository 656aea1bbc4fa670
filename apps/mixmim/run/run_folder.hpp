// The folder of a run: config.ini, checkpoints/, pictures/, and its logs.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data_pipeline/pipeline.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/files/append_file.hpp"
#include "model_io/files/event_file.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "run/metrics_table.hpp"

namespace cv::mixmim {

/// Throws Error, writing nothing, when RunFolder could not begin there.
void checkRunFolder(const Config& config);

/// Logs: train.log, metrics.jsonl, metrics.csv, nonfinite.jsonl, bad_images.jsonl, pictures and TensorBoard's
/// event files. One that cannot be written costs a warning, the first time, and never the run; what could not
/// be written is left out, and later lines are tried again.
class RunFolder {
 public:
  /// Prepares `config.run.out`. An existing run needs run.resume or run.overwrite; --overwrite removes what a
  /// run writes there and nothing else. Throws Error. `writes` is false in all but one of the processes that
  /// share a run: there nothing is said or written.
  explicit RunFolder(const Config& config, bool writes = true);

  const std::string& path() const { return path_; }
  /// Does a write that may fail like those below: an Error becomes the one warning.
  void attempt(const std::function<void()>& write);
  std::string checkpoint(int64_t step) const;  ///< .../checkpoints/step-00001234
  /// Points checkpoints/<name> at a checkpoint. Where that cannot be done, it warns the first time.
  void link(const std::string& checkpoint, const std::string& name);
  bool linked() const { return !warnedOfLinks_; }  ///< whether that could be done so far

  /// A sentence for people: to stderr and, with the time, to train.log.
  void say(const std::string& text);
  /// The same to train.log alone.
  void note(const std::string& text);
  /// One line of metrics.jsonl, and a point for every curve: "val_x" becomes val/x, all others train/x.
  /// `metrics` holds "step"; numbers that are not finite become null.
  void log(boost::json::object metrics);
  /// Begins metrics.csv, with the lines of metrics.jsonl that a resumed run has. Call it once, after
  /// rewind().
  void tabulate(std::vector<std::string> columns);
  /// One line of nonfinite.jsonl.
  void logNonFinite(boost::json::object line);
  /// pictures/<name>-<step>.png, and the same for TensorBoard. `picture`: 8 bit, BGR.
  void logPicture(const std::string& name, int64_t step, const cv::Mat& picture);
  /// More unusable images, a line each.
  void addBadImages(const std::string& lines);
  /// The whole list of them, rewritten. None may be added afterwards.
  void writeBadImages(const std::string& lines);
  /// The list as it is now; "" for a process that does not write.
  std::string badImages() const;
  /// A resumed run repeats the steps after `step`: what the logs say of those is dropped.
  void rewind(int64_t step);

 private:
  using Log = std::optional<AppendFile>;  // opened when the first line comes

  void append(Log& log, const char* name, const std::string& lines);
  EventFile& events();

  std::string path_;
  bool writes_;
  Log train_, metrics_, rows_, nonFinite_, badImages_;
  std::optional<MetricsTable> table_;
  std::optional<EventFile> events_;
  int64_t firstStep_ = 0;  ///< of what is logged from now on
  bool warned_ = false, warnedOfLinks_ = false, deaf_ = false;
};

/// One line of bad_images.jsonl for each.
std::string linesOf(const std::vector<BadImage>& images);

/// The checkpoint `run.resume` means: the newest usable one of the run folder for "auto" ("" if there is none
/// yet), else the named one. Says on stderr what it passed over.
std::string checkpointToResume(const Config& config, Repair repair);

/// Says on stderr when a resumed run will be longer or shorter than it was, or have other steps. Throws Error
/// when it is longer already.
void checkSchedule(const Config& config, const CheckpointInfo& info);

/// Throws Error when `config` and the checkpoint's disagree about anything that changes results, naming it,
/// except the number of epochs and of images per step.
void checkSameRun(const Config& config, const CheckpointInfo& info, const std::string& fingerprint);

}  // namespace cv::mixmim
