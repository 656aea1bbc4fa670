#include "sources/archives/tar_samples.hpp"

#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

namespace {

/// "__meta__" and what is in it.
bool isMetadata(const std::string& name) {
  const std::string first = name.substr(0, name.find('/'));
  return first.size() >= 4 && first.compare(0, 2, "__") == 0 && first.compare(first.size() - 2, 2, "__") == 0;
}

std::optional<LabelFile> labelFileOf(const std::string& extension) {
  if (extension == "cls") return LabelFile::kCls;
  if (extension == "json") return LabelFile::kJson;
  if (extension == "txt") return LabelFile::kTxt;
  return {};
}

class Grouping {
 public:
  explicit Grouping(const std::vector<TarEntry>& files) : files_(files) {}

  TarGroups run() {
    while (at_ < files_.size()) {
      const SampleName first = sampleNameOf(files_[at_].name);
      if (first.extension.empty())
        ++at_;
      else
        group(first.key);
    }
    judgeImageless();
    return std::move(groups_);
  }

 private:
  void group(const std::string& key) {
    const int64_t begin = files_[at_].offset;
    TarSample sample;
    std::set<std::string> seen;
    for (; at_ < files_.size(); ++at_) {
      const SampleName name = sampleNameOf(files_[at_].name);
      if (name.key != key || name.extension.empty()) break;
      if (seen.insert(name.extension).second)
        take(files_[at_], name.extension, sample);
      else
        groups_.problems.push_back(
            {files_[at_].offset, fmt::format("'{}' is there twice", asUtf8(files_[at_].name))});
    }
    if (sample.image.offset > 0)
      groups_.samples.push_back(std::move(sample));
    else
      imageless_.emplace_back(key, begin);
  }

  void take(const TarEntry& file, const std::string& extension, TarSample& sample) {
    constexpr size_t kMostExtensions = 1000;
    if (groups_.extensions.size() < kMostExtensions || groups_.extensions.count(extension) > 0)
      ++groups_.extensions[extension];
    if (const auto label = labelFileOf(extension))
      sample.labels[static_cast<size_t>(*label)] = file;
    else if (extension == "mask.png" || extension == "seg.png")
      sample.mask = file;
    else if (isImageEnding("." + extension))
      takeImage(file, sample);
  }

  static void takeImage(const TarEntry& file, TarSample& sample) {
    if (sample.image.offset == 0)
      sample.image = file;
    else if (sample.second.offset == 0)
      sample.second = file;
  }

  /// A key without an image here may have one elsewhere in the archive.
  void judgeImageless() {
    if (imageless_.empty()) return;
    std::unordered_set<std::string> keys;
    for (const TarSample& sample : groups_.samples) keys.insert(sampleNameOf(sample.image.name).key);
    std::vector<std::string> apart;
    for (const auto& [key, offset] : imageless_) {
      if (keys.count(key) == 0) {
        groups_.problems.push_back({offset, fmt::format("'{}' has no image", asUtf8(key))});
        continue;
      }
      if (apart.empty()) groups_.apart = TarProblem{offset, {}};
      apart.push_back("'" + asUtf8(key) + "'");
    }
    if (groups_.apart)
      groups_.apart->reason = fmt::format(
          "the files of {} do not stand together, as those of a sample must; "
          "pack them again in order: tar --sort=name",
          firstFew(apart, 1));
  }

  const std::vector<TarEntry>& files_;
  size_t at_ = 0;
  TarGroups groups_;
  std::vector<std::pair<std::string, int64_t>> imageless_;
};

}  // namespace

SampleName sampleNameOf(const std::string& name) {
  const size_t slash = name.rfind('/'), begin = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = name.find('.', begin);
  if (dot == std::string::npos || dot == begin) return {};
  if (isMetadata(name) || reasonToPassPath(name)) return {};
  return {name.substr(0, dot), lowerCase(std::string_view(name).substr(dot + 1))};
}

bool pairUp(TarSample& sample) {
  const auto isPng = [](const TarEntry& file) { return endingOf(file.name) == ".png"; };
  if (sample.mask.offset > 0) return true;
  if (sample.second.offset == 0) return false;
  if (!isPng(sample.second)) std::swap(sample.image, sample.second);
  sample.mask = sample.second;
  return isPng(sample.mask);
}

TarGroups groupSamples(const std::vector<TarEntry>& files) {
  return Grouping(files).run();
}

}  // namespace cv::mixmim
