#include "sources/archives/shard.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/shard_index.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "sources/archives/sample_label.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kLargestIndex = int64_t{1} << 30;

/// The content of the index beside an archive, if there is one that is not older.
std::string readIndex(const InputFile& archive) {
  const std::string path = indexNameOf(archive.path());
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return {};
  const InputFile file(path);
  if (file.modified() < archive.modified() || file.size() > kLargestIndex) return {};
  std::string text(static_cast<size_t>(file.size()), '\0');
  text.resize(file.readAt(0, text.data(), text.size()));
  return text;
}

std::vector<TarEntry> filesOf(const InputFile& archive, Shard& shard) {
  auto indexed = parseIndex(readIndex(archive), archive.size());
  const auto isThere = [&](const TarEntry& file) { return beginsAt(archive, file.offset, file.size); };
  if (indexed && !indexed->empty() && isThere(indexed->front()) && isThere(indexed->back()))
    return std::move(*indexed);
  const auto readAt = [&](int64_t offset, void* to, size_t bytes) {
    return archive.readAt(offset, to, bytes);
  };
  TarListing listing = listTar(readAt, archive.size());
  if (!listing.damage.empty())
    shard.problems.push_back({archive.path(), listing.damageOffset, asUtf8(listing.damage)});
  if (listing.symbolicLinks > 0) shard.omissions.add(Omission::kLink, "symbolic", listing.symbolicLinks);
  if (listing.deadLinks > 0)
    shard.omissions.add(Omission::kLink, "to no file before them", listing.deadLinks);
  return std::move(listing.files);
}

/// "./a/b.jpg" as "b.jpg".
std::string baseName(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

void countPassedFiles(const std::vector<TarEntry>& files, Omissions& omissions) {
  for (const TarEntry& file : files)
    if (const auto reason = reasonToPassPath(file.name))
      omissions.add(*reason);
    else if (baseName(file.name).find('.') == std::string::npos)
      omissions.add(Omission::kOtherFile, endingOf(baseName(file.name)));
}

std::string readLabel(const InputFile& archive, const TarSample& sample, Classes use) {
  const size_t asked = use == Classes::kUnused ? 1 : kLabelFiles;
  std::string bytes;
  for (size_t i = 0; i < asked; ++i) {
    const TarEntry& file = sample.labels[i];
    if (file.offset == 0 || file.size > kLongestLabelFile) continue;
    bytes.resize(static_cast<size_t>(file.size));
    bytes.resize(archive.readAt(file.offset, bytes.data(), bytes.size()));
    try {
      std::string label = labelIn(static_cast<LabelFile>(i), bytes);
      if (!label.empty()) return label;
    } catch (const Error& error) {
      throw Error(placeText(archive.path(), file.offset), error.err);
    }
  }
  return {};
}

void reportProblems(const std::string& path, TarGroups& groups, Classes use, Shard& shard) {
  if (groups.apart && use == Classes::kNeeded)
    throw Error(placeText(path, groups.apart->offset), groups.apart->reason);
  if (groups.apart) groups.problems.push_back(std::move(*groups.apart));
  for (TarProblem& problem : groups.problems)
    shard.problems.push_back({path, problem.offset, std::move(problem.reason)});
}

}  // namespace

bool beginsAt(const InputFile& archive, int64_t offset, int64_t size) {
  TarHeader header;
  return archive.readAt(offset - kTarBlock, header.data(), header.size()) == header.size() &&
         isHeaderOf(header, size);
}

Shard openShard(const std::string& path, Classes use, ClassTexts& classes) {
  Shard shard;
  const InputFile archive(path);
  std::vector<TarEntry> files;
  try {
    files = filesOf(archive, shard);
  } catch (const Error& error) {
    throw Error(path, error.err);
  }
  countPassedFiles(files, shard.omissions);
  TarGroups groups = groupSamples(files);
  reportProblems(path, groups, use, shard);
  for (const TarSample& sample : groups.samples) {
    refuseUnlessUtf8(sample.image.name, placeText(path, sample.image.offset));
    shard.labels.push_back(classes.idOf(readLabel(archive, sample, use), path));
  }
  shard.samples = std::move(groups.samples);
  shard.extensions = std::move(groups.extensions);
  return shard;
}

std::vector<TarEntry> keepPairs(Shard& shard, const std::string& path) {
  std::vector<TarSample> kept;
  std::vector<TarEntry> masks;
  for (TarSample& sample : shard.samples) {
    const TarEntry image = sample.image;
    if (!pairUp(sample)) {
      shard.problems.push_back({path, image.offset, fmt::format("'{}' has no label map", image.name)});
      continue;
    }
    masks.push_back(sample.mask);
    kept.push_back(std::move(sample));
  }
  if (kept.empty() && !shard.samples.empty())
    throw Error(path, "no picture has a label map",
                "expected 1.jpg and 1.png beside each other, or 1.png and 1.mask.png: tar --sort=name");
  shard.samples = std::move(kept);
  shard.labels.assign(shard.samples.size(), -1);
  return masks;
}

}  // namespace cv::mixmim
