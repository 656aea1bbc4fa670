// The rules of WebDataset: which files of an archive belong together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data_pipeline/tar_format.hpp"

namespace cv::mixmim {

/// "n01/cat.seg.png" -> key "n01/cat", extension "seg.png": the first dot of the last component separates
/// them. The extension is lower-cased, and empty for names that are no part of a sample: without a dot, with
/// nothing before it, or in "__...__".
struct SampleName {
  std::string key, extension;
};
SampleName sampleNameOf(const std::string& name);

/// Neighbouring files with the same key, of which one is an image.
struct TarSample {
  TarEntry image;
  int64_t labelOffset = -1, labelSize = 0;  ///< of the .cls file, offset -1 = none
};

struct TarProblem {
  int64_t offset = 0;
  std::string reason;
};

/// Groups the files of one archive, in their order. Reported to `problems`: keys without an image, and two
/// files of the same name.
std::vector<TarSample> samplesOf(const std::vector<TarEntry>& files, std::vector<TarProblem>& problems);

}  // namespace cv::mixmim
