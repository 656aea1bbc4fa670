// The folder of a run: config.ini, metrics.jsonl, train.log, bad_images.jsonl, checkpoints/, pictures/.
#pragma once

#include <boost/json/object.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "data_pipeline/pipeline.hpp"
#include "model_io/checkpoint.hpp"
#include "opencv2/mixmim/config.hpp"

namespace cv::mixmim {

class RunFolder {
 public:
  /// Prepares `config.run.out`. An existing run needs run.resume or run.overwrite; --overwrite removes what a
  /// run writes there and nothing else. Throws Error.
  explicit RunFolder(const Config& config);

  const std::string& path() const { return path_; }
  std::string checkpoint(int64_t step) const;  ///< .../checkpoints/step-00001234
  std::string picture(const std::string& name) const;

  /// A sentence for people: to stderr and, with the time, to train.log.
  void say(const std::string& text);
  /// One line of metrics.jsonl. A log that cannot be written costs one warning, not the run.
  void log(const boost::json::object& metrics);
  /// The whole list of unusable images, rewritten.
  void writeBadImages(const std::vector<BadImage>& images);
  /// Keeps what metrics.jsonl says up to `step` and drops the rest: a resumed run repeats those steps.
  void rewindLog(int64_t step);

 private:
  std::string path_;
  std::ofstream metrics_, log_;
  void append(std::ofstream& file, const char* name, const std::string& line);

  bool warned_ = false;
};

/// The checkpoint `run.resume` means: the newest usable one of the run folder for "auto" ("" if there is none
/// yet), else the named one. Says on stderr what it passed over.
std::string checkpointToResume(const Config& config);

/// Throws Error when `config` and the checkpoint's disagree about anything that changes results, naming it.
void checkSameRun(const Config& config, const CheckpointInfo& info, const std::string& fingerprint);

}  // namespace cv::mixmim
