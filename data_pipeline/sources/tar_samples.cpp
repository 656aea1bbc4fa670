#include "sources/tar_samples.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "sources/folder_listing.hpp"

namespace cv::mixmim {

namespace {

/// "__meta__" and what is in it.
bool isMetadata(const std::string& name) {
  const std::string first = name.substr(0, name.find('/'));
  return first.size() >= 4 && first.compare(0, 2, "__") == 0 && first.compare(first.size() - 2, 2, "__") == 0;
}

}  // namespace

SampleName sampleNameOf(const std::string& name) {
  const size_t slash = name.rfind('/'), begin = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = name.find('.', begin);
  if (dot == std::string::npos || dot == begin) return {};
  if (isMetadata(name)) return {};
  SampleName parts{name.substr(0, dot), name.substr(dot + 1)};
  for (char& c : parts.extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return parts;
}

std::vector<TarSample> samplesOf(const std::vector<TarEntry>& files, std::vector<TarProblem>& problems) {
  std::vector<TarSample> samples;
  for (size_t i = 0; i < files.size();) {
    const SampleName first = sampleNameOf(files[i].name);
    if (first.extension.empty()) {
      ++i;
      continue;
    }
    const int64_t begin = files[i].offset;
    TarSample sample;
    std::set<std::string> seen;
    for (; i < files.size(); ++i) {
      const SampleName name = sampleNameOf(files[i].name);
      if (name.key != first.key || name.extension.empty()) break;
      if (!seen.insert(name.extension).second) {
        problems.push_back({files[i].offset, fmt::format("'{}' is there twice", files[i].name)});
      } else if (name.extension == "cls") {
        sample.labelOffset = files[i].offset;
        sample.labelSize = files[i].size;
      } else if (sample.image.offset == 0 && isImageExtension(name.extension)) {
        sample.image = files[i];
      }
    }
    if (sample.image.offset > 0)
      samples.push_back(std::move(sample));
    else
      problems.push_back({begin, fmt::format("'{}' has no image", first.key)});
  }
  return samples;
}

}  // namespace cv::mixmim
