#include "data_pipeline/shard_index.hpp"

#include <sstream>

#include <fmt/format.h>

#include "sources/archives/tar_samples.hpp"

namespace cv::mixmim {

namespace {

/// The files of one line. False if it is not well formed.
bool parseLine(const std::string& line, int64_t archiveSize, std::vector<TarEntry>& files) {
  std::istringstream words(line);
  std::string extension;
  size_t count = 0;
  while (words >> extension) {
    TarEntry file;
    if (!(words >> file.offset >> file.size >> file.name)) return false;
    if (file.offset < kTarBlock || file.offset % kTarBlock != 0 || file.offset > archiveSize) return false;
    if (file.size < 0 || file.size > archiveSize - file.offset) return false;
    if (sampleNameOf(file.name).extension != extension) return false;
    files.push_back(std::move(file));
    ++count;
  }
  return count > 0;
}

}  // namespace

std::string indexNameOf(const std::string& archive) {
  const size_t slash = archive.rfind('/'), begin = slash == std::string::npos ? 0 : slash + 1;
  return archive.substr(0, archive.find('.', begin)) + ".idx";
}

std::optional<std::vector<TarEntry>> parseIndex(const std::string& text, int64_t archiveSize) {
  std::istringstream lines(text);
  std::string version;
  int64_t samples = -1;
  if (!(lines >> version >> samples) || version != "v1.2" || samples < 0) return {};
  std::string line;
  std::getline(lines, line);
  std::vector<TarEntry> files;
  int64_t found = 0;
  for (; std::getline(lines, line); ++found)
    if (!parseLine(line, archiveSize, files)) return {};
  if (found != samples) return {};
  return files;
}

std::string indexText(const std::vector<TarEntry>& files) {
  std::string text, key;
  int64_t samples = 0;
  for (const TarEntry& file : files) {
    const SampleName name = sampleNameOf(file.name);
    if (name.extension.empty()) continue;
    const bool next = samples == 0 || name.key != key;
    if (next) {
      text += samples++ == 0 ? "" : "\n";
      key = name.key;
    }
    text += fmt::format("{}{} {} {} {}", next ? "" : " ", name.extension, file.offset, file.size, file.name);
  }
  return fmt::format("v1.2 {}\n{}{}", samples, text, samples > 0 ? "\n" : "");
}

}  // namespace cv::mixmim
