#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// Tar archives by the rules of WebDataset as a Source. The images keep the order of the archives and of the
/// files in them, and any image is one read away, so the whole data set is shuffled.
///
/// Labels: the number or name in the .cls file of a sample, or else in its .json or .txt (sample_label.hpp),
/// which are read only where classes are asked for; without any of them the rank of the first folder in its
/// name, behind the folders that all names share; else none. Where numbers belong to folders one to one, the
/// folders name them.
///
/// With SourceOptions::masks the label map of a sample is its .mask.png or .seg.png, or the .png beside an
/// image of another kind; the classes are those of pixelClasses() in the folder of the first archive.
///
/// An index "NAME.idx" beside an archive (shard_index.hpp) is used if it is not older than the archive and
/// fits it; else the headers are walked through. Nothing is trusted: read() checks the header before the
/// bytes it was sent to.
///
/// A damaged archive is used up to the damage, and a set of numbered archives with gaps as it is; problems()
/// tells. Throws Error for an archive that does not exist, cannot be read or is compressed, for a .cls file
/// that is no class number, if there is no image at all, and, where classes are needed, for archives without
/// any and for samples whose files do not stand together.
///
/// `source` is what the user named, for messages.
std::shared_ptr<const Source> openTars(const std::string& source, std::vector<std::string> archives,
                                       const SourceOptions& options);

/// The archives of shardNames(`shards`).
std::shared_ptr<const Source> openTars(const std::string& shards, const SourceOptions& options = {});

}  // namespace cv::mixmim
