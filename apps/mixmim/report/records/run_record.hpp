// All that a report says of a run, read from its folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/options.hpp"
#include "report/records/bad_files.hpp"
#include "report/records/evaluation_record.hpp"
#include "report/records/machine_record.hpp"
#include "report/records/metrics.hpp"

namespace cv::mixmim::report {

/// pictures/<what>-<step>.png
struct Sheet {
  std::string path;
  int64_t step = 0;
};

struct RunRecord {
  std::string folder, name;       ///< as it was named; its last part
  Config config;                  ///< defaults where config.ini could not be used
  std::vector<Setting> settings;  ///< of config.ini, "section.key", as they stand there
  Metrics metrics;
  std::vector<Sheet> sheets;  ///< of reconstructions, by step
  std::optional<EvaluationRecord> evaluation;
  std::optional<MachineRecord> machine;
  BadFiles badFiles;
  std::vector<std::string> notes;  ///< what of the folder could not be used, and why

  bool isPretraining() const { return config.run.task == Task::kPretrain; }
  bool finished() const;                 ///< trained to the last epoch
  double best(const char* curve) const;  ///< of all validations: "val_top1", "val_map"; -1 = none
};

/// Reads a run that is finished, interrupted or still going. Every part is optional and bounded; one that is
/// damaged is left out with a note. Throws Error only for a folder that is no run.
RunRecord readRun(const std::string& folder);

}  // namespace cv::mixmim::report
