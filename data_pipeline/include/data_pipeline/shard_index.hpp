// The index of a tar archive that NVIDIA DALI's wds2idx writes and reads, so that nobody has to walk through
// the archive: a line "v1.2 <samples>", then per sample "<extension> <offset> <size> <file name>" for each of
// its files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data_pipeline/tar_format.hpp"

namespace cv::mixmim {

/// "x-000000.tar" -> "x-000000.idx": the archive's name up to the first dot of its last component.
std::string indexNameOf(const std::string& archive);

/// The files that an index names, for an archive of `archiveSize` bytes; none if the text is not such an
/// index, is of version 1.1 (which has no file names), or does not fit the archive. Names with blanks cannot
/// be told apart and make it none.
std::optional<std::vector<TarEntry>> parseIndex(const std::string& text, int64_t archiveSize);

/// The files of one sample stand together in `files`; what is no part of a sample is left out.
std::string indexText(const std::vector<TarEntry>& files);

}  // namespace cv::mixmim
