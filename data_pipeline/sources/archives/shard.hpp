#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "sources/archives/tar_samples.hpp"
#include "sources/files/input_file.hpp"
#include "sources/names/class_numbers.hpp"

namespace cv::mixmim {

/// One archive, opened.
struct Shard {
  std::vector<TarSample> samples;
  std::vector<int> labels;  ///< of the samples, ids of the set's ClassTexts; -1 = none
  std::vector<SourceProblem> problems;
  Omissions omissions;
  std::map<std::string, int64_t> extensions;  ///< of the files in samples, and how many there are
};

/// Opens the archive at `path`; class numbers and names found in it go to `classes`. Throws Error for a file
/// that is no class number, and, where classes are needed, for samples whose files do not stand together.
Shard openShard(const std::string& path, Classes use, ClassTexts& classes);

/// Keeps the samples that have a label map, and returns those maps; the others become problems. Throws Error
/// where all do.
std::vector<TarEntry> keepPairs(Shard& shard, const std::string& path);

/// Whether a header stands there that belongs to a file of that size.
bool beginsAt(const InputFile& archive, int64_t offset, int64_t size);

}  // namespace cv::mixmim
