#include "sources/tar_source.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "data_pipeline/shard_index.hpp"
#include "opencv2/mixmim/error.hpp"
#include "sources/fingerprint.hpp"
#include "sources/input_file.hpp"
#include "sources/shard_names.hpp"
#include "sources/tar_samples.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kLargestIndex = int64_t{1} << 30;
constexpr int kMostClasses = 1000000;

/// One archive, opened.
struct Shard {
  std::vector<TarSample> samples;
  std::vector<int> labels;  ///< of the .cls files, -1 = none
  std::vector<SourceProblem> problems;
};

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

/// Whether a header stands there that belongs to a file of that size.
bool beginsAt(const InputFile& archive, int64_t offset, int64_t size) {
  TarHeader header;
  return archive.readAt(offset - kTarBlock, header.data(), header.size()) == header.size() &&
         isHeaderOf(header, size);
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
    shard.problems.push_back({archive.path(), listing.damageOffset, listing.damage});
  return std::move(listing.files);
}

int readLabel(const InputFile& archive, const TarSample& sample) {
  if (sample.labelOffset < 0) return -1;
  char text[16];
  const size_t wanted = std::min(sizeof text, static_cast<size_t>(sample.labelSize));
  const size_t bytes = archive.readAt(sample.labelOffset, text, wanted);
  const char *begin = text, *end = text + bytes;
  while (begin < end && std::isspace(static_cast<unsigned char>(*begin))) ++begin;
  int label = -1;
  const auto [rest, error] = std::from_chars(begin, end, label);
  const bool blank = std::all_of(rest, end, [](unsigned char c) { return std::isspace(c) != 0; });
  if (error != std::errc() || !blank || label < 0 || label >= kMostClasses)
    throw Error(fmt::format("{}:{}", archive.path(), sample.labelOffset),
                fmt::format("expected a class number from 0 to {} in the .cls file", kMostClasses - 1));
  return label;
}

Shard openShard(const std::string& path) {
  Shard shard;
  const InputFile archive(path);
  std::vector<TarProblem> problems;
  try {
    shard.samples = samplesOf(filesOf(archive, shard), problems);
  } catch (const Error& error) {
    throw Error(path, error.err);
  }
  for (TarProblem& problem : problems)
    shard.problems.push_back({path, problem.offset, std::move(problem.reason)});
  for (const TarSample& sample : shard.samples) shard.labels.push_back(readLabel(archive, sample));
  return shard;
}

/// The first folder of a name, "" if there is none.
std::string folderOf(const std::string& name) {
  const size_t begin = name.compare(0, 2, "./") == 0 ? 2 : 0, slash = name.find('/', begin);
  return slash == std::string::npos ? std::string() : name.substr(begin, slash - begin);
}

/// Labels out of folder names, for archives without .cls files; none unless every sample is in a folder.
std::vector<std::string> labelByFolder(std::vector<Shard>& shards) {
  std::set<std::string> folders;
  for (const Shard& shard : shards)
    for (const TarSample& sample : shard.samples) folders.insert(folderOf(sample.image.name));
  if (folders.count("") > 0) return {};
  const std::vector<std::string> names(folders.begin(), folders.end());
  for (Shard& shard : shards)
    for (size_t i = 0; i < shard.samples.size(); ++i) {
      const auto place = std::lower_bound(names.begin(), names.end(), folderOf(shard.samples[i].image.name));
      shard.labels[i] = static_cast<int>(place - names.begin());
    }
  return names;
}

/// Names for the numbers of .cls files.
std::vector<std::string> namesOfNumbers(const std::vector<Shard>& shards, int classes) {
  std::vector<std::set<std::string>> folders(static_cast<size_t>(classes));
  std::map<std::string, std::set<int>> numbers;
  for (const Shard& shard : shards)
    for (size_t i = 0; i < shard.samples.size(); ++i) {
      const std::string folder = folderOf(shard.samples[i].image.name);
      folders[static_cast<size_t>(shard.labels[i])].insert(folder);
      numbers[folder].insert(shard.labels[i]);
    }
  const bool oneToOne =
      numbers.count("") == 0 &&
      std::all_of(numbers.begin(), numbers.end(), [](auto& n) { return n.second.size() == 1; }) &&
      std::all_of(folders.begin(), folders.end(), [](auto& f) { return f.size() == 1; });
  std::vector<std::string> names;
  for (int i = 0; i < classes; ++i)
    names.push_back(oneToOne ? *folders[static_cast<size_t>(i)].begin() : std::to_string(i));
  return names;
}

class TarSource final : public Source {
 public:
  TarSource(const std::string& source, int imagesPerClass) : shardPaths_(shardNames(source)) {
    std::vector<Shard> shards(shardPaths_.size());
    for (size_t i = 0; i < shards.size(); ++i) shards[i] = openShard(shardPaths_[i]);
    label(shards, source);
    std::map<int, int> used;
    for (size_t shard = 0; shard < shards.size(); ++shard) {
      for (size_t i = 0; i < shards[shard].samples.size(); ++i) {
        const int label = shards[shard].labels[i];
        if (imagesPerClass > 0 && used[label]++ >= imagesPerClass) continue;
        add(static_cast<uint32_t>(shard), shards[shard].samples[i].image, label);
      }
      auto& problems = shards[shard].problems;
      std::move(problems.begin(), problems.end(), std::back_inserter(problems_));
    }
    if (size() == 0) throw Error(source, "holds no image, expected files like .jpg and .png");
  }

  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  int label(int64_t index) const override { return at(index).label; }
  std::string path(int64_t index) const override { return shardPaths_[at(index).shard]; }
  int64_t offset(int64_t index) const override { return at(index).offset; }
  std::string name(int64_t index) const override {
    const size_t begin = index == 0 ? 0 : at(index - 1).nameEnd;
    return names_.substr(begin, at(index).nameEnd - begin);
  }
  const std::vector<std::string>& labels() const override { return classes_; }
  std::vector<SourceProblem> problems() const override { return problems_; }
  std::string fingerprint() const override { return fingerprint_.text(); }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const Sample& sample = at(index);
    const InputFile archive(shardPaths_[sample.shard]);
    if (!beginsAt(archive, sample.offset, sample.size))
      throw Error(place(index), "no image begins there",
                  "the archive was changed, or its index belongs to another");
    readImage(archive, sample.offset, sample.size, bytes);
  }

 private:
  struct Sample {
    int64_t offset, size;
    size_t nameEnd;  ///< in names_
    uint32_t shard;
    int32_t label;
  };

  const Sample& at(int64_t index) const { return samples_.at(static_cast<size_t>(index)); }

  void label(std::vector<Shard>& shards, const std::string& source) {
    int64_t with = 0, samples = 0;
    int highest = -1;
    for (const Shard& shard : shards)
      for (const int number : shard.labels) {
        ++samples;
        with += number >= 0;
        highest = std::max(highest, number);
      }
    if (with == 0)
      classes_ = labelByFolder(shards);
    else if (with < samples)
      throw Error(source, fmt::format("{} of {} samples have no .cls file", samples - with, samples),
                  "give all samples a class number, or none");
    else
      classes_ = namesOfNumbers(shards, highest + 1);
  }

  void add(uint32_t shard, const TarEntry& image, int label) {
    names_ += image.name;
    samples_.push_back({image.offset, image.size, names_.size(), shard, label});
    fingerprint_.add(image.name, image.size, label);
  }

  std::vector<std::string> shardPaths_;
  std::vector<Sample> samples_;
  std::string names_;  // one after the other: a million strings would cost three times as much
  std::vector<std::string> classes_;
  std::vector<SourceProblem> problems_;
  Fingerprint fingerprint_;
};

}  // namespace

std::shared_ptr<const Source> openTars(const std::string& shards, int imagesPerClass) {
  return std::make_shared<TarSource>(shards, imagesPerClass);
}

}  // namespace cv::mixmim
