#pragma once

#include <memory>
#include <string>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// Tar archives by the rules of WebDataset as a Source: `shards` is one .tar, a brace list, or several joined
/// by "::" (shard_names.hpp). The images keep the order of the archives and of the files in them, and any
/// image is one read away, so the whole data set is shuffled.
///
/// Labels: the number in the .cls file of a sample; without such files, the rank of the first folder in its
/// name; else none. Class names are those folders where each belongs to one number, else the numbers.
///
/// An index "NAME.idx" beside an archive (shard_index.hpp) is used if it is not older than the archive and
/// fits it; else the headers are walked through. Nothing is trusted: read() checks the header before the
/// bytes it was sent to.
///
/// A damaged archive is used up to the damage; problems() tells. Throws Error for an archive that does not
/// exist, cannot be read or is compressed, for a .cls file that is no class number, and if there is no image
/// at all.
std::shared_ptr<const Source> openTars(const std::string& shards, int imagesPerClass = 0);

}  // namespace cv::mixmim
