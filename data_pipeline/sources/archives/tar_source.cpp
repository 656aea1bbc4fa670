#include "sources/archives/tar_source.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "sources/archives/shard.hpp"
#include "sources/archives/shard_names.hpp"
#include "sources/files/fingerprint.hpp"
#include "sources/files/pixel_classes.hpp"
#include "sources/names/class_warnings.hpp"

namespace cv::mixmim {

namespace {

/// ".jpg 12, .05.0.jpg 3": which kinds of files samples have, the most frequent first.
std::string textOf(const std::map<std::string, int64_t>& extensions) {
  Omissions kinds;
  for (const auto& [extension, count] : extensions) kinds.add(Omission::kOtherFile, "." + extension, count);
  return kinds.namesText(Omission::kOtherFile);
}

[[noreturn]] void refuseEmpty(const std::string& source, const std::map<std::string, int64_t>& extensions) {
  const std::string hint = "expected files like .jpg and .png";
  if (extensions.empty()) throw Error(source, "holds no image, " + hint);
  const bool dots = std::any_of(extensions.begin(), extensions.end(), [](const auto& extension) {
    return extension.first.find('.') != std::string::npos;
  });
  throw Error(source,
              fmt::format("holds no image that is read here, its files end in {}", textOf(extensions)),
              dots ? "everything behind the first dot of a name is its ending in WebDataset" : hint);
}

std::string folderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

class TarSource final : public Source {
 public:
  TarSource(std::string name, std::vector<std::string> archives, const SourceOptions& options)
      : source_(std::move(name)), shardPaths_(std::move(archives)) {
    ClassTexts texts;
    for (const std::string& path : shardPaths_) {
      Shard shard = openShard(path, options.masks ? Classes::kUnused : options.classes, texts);
      if (options.masks) takeMasks(keepPairs(shard, path));
      take(std::move(shard));
    }
    if (samples_.empty()) refuseEmpty(source_, extensions_);
    if (options.masks)
      classes_ = pixelClasses(folderOf(shardPaths_.front()), options);
    else
      labelPictures(texts, options);
    nameMissingShards();
    for (size_t i = 0; i < samples_.size(); ++i) addToFingerprint(i);
  }

  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  int label(int64_t index) const override { return at(index).label; }
  std::string path(int64_t index) const override { return shardPaths_[at(index).shard]; }
  int64_t offset(int64_t index) const override { return at(index).offset; }
  std::string name(int64_t index) const override { return std::string(nameOf(at(index))); }
  const std::vector<std::string>& labels() const override { return classes_; }
  std::vector<SourceProblem> problems() const override { return problems_; }
  Omissions omissions() const override { return omissions_; }
  std::vector<std::string> warnings() const override { return warnings_; }
  std::string fingerprint() const override { return fingerprint_.text(); }

  bool hasMasks() const override { return !masks_.empty(); }
  std::string maskPlace(int64_t index) const override {
    return hasMasks() ? placeText(path(index), maskOf(index).offset) : std::string();
  }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    readAt(index, {at(index).offset, at(index).size}, bytes);
  }
  void readMask(int64_t index, std::vector<uint8_t>& bytes) const override {
    if (!hasMasks()) return Source::readMask(index, bytes);
    readAt(index, maskOf(index), bytes);
  }

 private:
  struct Sample {
    int64_t offset, size;
    size_t nameBegin;  ///< in names_
    uint32_t nameLength, shard;
    int32_t label;
  };

  /// Where a file lies in an archive.
  struct Extent {
    int64_t offset, size;
  };

  const Extent& maskOf(int64_t index) const { return masks_.at(static_cast<size_t>(index)); }

  void readAt(int64_t index, const Extent& file, std::vector<uint8_t>& bytes) const {
    const InputFile archive(path(index));
    if (!beginsAt(archive, file.offset, file.size))
      throw Error(placeText(path(index), file.offset), "no image begins there",
                  "the archive was changed, or its index belongs to another");
    readImage(archive, file.offset, file.size, bytes);
  }

  const Sample& at(int64_t index) const { return samples_.at(static_cast<size_t>(index)); }
  std::string_view nameOf(const Sample& sample) const {
    return std::string_view(names_).substr(sample.nameBegin, sample.nameLength);
  }

  /// The samples of the next archive, their labels still ids of ClassTexts.
  void take(Shard shard) {
    for (size_t i = 0; i < shard.samples.size(); ++i) {
      const TarEntry& image = shard.samples[i].image;
      samples_.push_back({image.offset, image.size, names_.size(), static_cast<uint32_t>(image.name.size()),
                          shards_, shard.labels[i]});
      names_ += image.name;
    }
    std::move(shard.problems.begin(), shard.problems.end(), std::back_inserter(problems_));
    omissions_.add(shard.omissions);
    for (const auto& [extension, count] : shard.extensions) extensions_[extension] += count;
    ++shards_;
  }

  void takeMasks(const std::vector<TarEntry>& masks) {
    for (const TarEntry& mask : masks) masks_.push_back({mask.offset, mask.size});
  }

  void labelPictures(const ClassTexts& texts, const SourceOptions& options) {
    label(texts);
    if (options.classes == Classes::kNeeded) keepLabelled();
    warnAboutClasses();
    if (options.imagesPerClass > 0) keepFirst(options.imagesPerClass);
  }

  void addToFingerprint(size_t i) {
    const Sample& sample = samples_[i];
    fingerprint_.add(std::string(nameOf(sample)), sample.size, sample.label);
    if (hasMasks()) fingerprint_.add({}, masks_[i].size, -1);
  }

  void label(const ClassTexts& texts) {
    const ClassTexts::Numbers numbers = texts.finish();
    if (numbers.names.empty()) return labelByFolder();
    for (Sample& sample : samples_)
      if (sample.label >= 0) sample.label = numbers.labelOfId[static_cast<size_t>(sample.label)];
    classes_ = numbers.numbered ? namesOfNumbers(static_cast<int>(numbers.names.size()), size(), allNames(),
                                                 [this](int64_t i) { return at(i).label; })
                                : numbers.names;
  }

  std::function<std::string_view(int64_t)> allNames() const {
    return [this](int64_t i) { return nameOf(at(i)); };
  }

  /// The class is the first folder behind those that all names share; samples without one have none.
  void labelByFolder() {
    const size_t shared = sharedFolders(size(), allNames());
    const auto folderOf = [&](const Sample& sample) {
      return firstFolder(withoutDot(nameOf(sample)).substr(shared));
    };
    std::set<std::string, std::less<>> folders;
    for (const Sample& sample : samples_)
      if (folders.find(folderOf(sample)) == folders.end()) folders.emplace(folderOf(sample));
    folders.erase("");
    classes_.assign(folders.begin(), folders.end());
    for (Sample& sample : samples_) {
      const auto place = std::lower_bound(classes_.begin(), classes_.end(), folderOf(sample));
      const bool known = place != classes_.end() && *place == folderOf(sample);
      sample.label = known ? static_cast<int32_t>(place - classes_.begin()) : -1;
    }
    byFolder_ = true;
  }

  void keepLabelled() {
    if (classes_.empty())
      throw Error(source_, "has no classes, and they are needed",
                  fmt::format("expected a .cls file with a class number beside every image, or a folder per "
                              "class; the archive holds {}",
                              textOf(extensions_)));
    const auto end =
        std::remove_if(samples_.begin(), samples_.end(), [](auto& sample) { return sample.label < 0; });
    omissions_.add(byFolder_ ? Omission::kBesideClasses : Omission::kWithoutClass, {}, samples_.end() - end);
    samples_.erase(end, samples_.end());
  }

  void keepFirst(int imagesPerClass) {
    std::map<int, int> used;
    const auto end = std::remove_if(samples_.begin(), samples_.end(), [&](const Sample& sample) {
      return used[sample.label]++ >= imagesPerClass;
    });
    samples_.erase(end, samples_.end());
  }

  void warnAboutClasses() {
    std::vector<int64_t> pictures(classes_.size());
    for (const Sample& sample : samples_)
      if (sample.label >= 0) ++pictures[static_cast<size_t>(sample.label)];
    warnings_ = warningsOfCounts(source_, classes_, pictures);
    if (const std::string warning = warningOfNames(source_, classes_); !warning.empty())
      warnings_.push_back(warning);
  }

  void nameMissingShards() {
    for (const std::string& missing : missingShards(shardPaths_))
      problems_.push_back({missing, 0, "is not there, although its neighbours are"});
  }

  std::string source_;  // as the user named it
  std::vector<std::string> shardPaths_;
  uint32_t shards_ = 0;  // opened
  std::vector<Sample> samples_;
  std::vector<Extent> masks_;  // of the samples; empty = they have none
  std::string names_;          // one after the other: a million strings would cost three times as much
  std::vector<std::string> classes_;
  bool byFolder_ = false;
  std::map<std::string, int64_t> extensions_;
  std::vector<SourceProblem> problems_;
  Omissions omissions_;
  std::vector<std::string> warnings_;
  Fingerprint fingerprint_;
};

}  // namespace

std::shared_ptr<const Source> openTars(const std::string& source, std::vector<std::string> archives,
                                       const SourceOptions& options) {
  return std::make_shared<TarSource>(source, std::move(archives), options);
}

std::shared_ptr<const Source> openTars(const std::string& shards, const SourceOptions& options) {
  return openTars(shards, shardNames(shards), options);
}

}  // namespace cv::mixmim
