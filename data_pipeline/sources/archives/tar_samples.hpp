// The rules of WebDataset: which files of an archive belong together.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data_pipeline/tar_format.hpp"

namespace cv::mixmim {

/// "n01/cat.seg.png" -> key "n01/cat", extension "seg.png": the first dot of the last component separates
/// them. The extension is lower-cased, and empty for names that are no part of a sample: without a dot, in
/// "__...__", or passed over (passed_names.hpp).
struct SampleName {
  std::string key, extension;
};
SampleName sampleNameOf(const std::string& name);

/// Where a file of a sample tells its class, in the order in which they are asked.
enum class LabelFile { kCls, kJson, kTxt };
constexpr size_t kLabelFiles = 3;

/// Neighbouring files with the same key, of which one is an image.
struct TarSample {
  TarEntry image;
  TarEntry second;                           ///< another image; offset 0 = none
  TarEntry mask;                             ///< .mask.png or .seg.png; offset 0 = none
  std::array<TarEntry, kLabelFiles> labels;  ///< by LabelFile; offset 0 = none
};

/// Makes `image` the picture and `mask` its label map: the .mask.png or .seg.png of the sample, else the .png
/// beside an image of another kind. False where there is none.
bool pairUp(TarSample& sample);

struct TarProblem {
  int64_t offset = 0;
  std::string reason;
};

/// The files of one archive in groups.
struct TarGroups {
  std::vector<TarSample> samples;
  std::vector<TarProblem> problems;           ///< keys without an image, two files of the same name
  std::optional<TarProblem> apart;            ///< files that do not stand beside their images
  std::map<std::string, int64_t> extensions;  ///< of the files in samples, and how many there are
};

/// Groups the files in their order.
TarGroups groupSamples(const std::vector<TarEntry>& files);

}  // namespace cv::mixmim
